// How the rows of the audit log are chained: the same for every database.
#pragma once

#include <string>

#include "base/json.h"
#include "base/sha256.h"
#include "store/audit.h"

namespace vf::store {

// SHA-256 over the previous row's hash (empty for the first) and the row's fields as one JSON array, whose
// quoting leaves no two rows the same text.
inline std::string audit_hash(const std::string& previous, const AuditEntry& row) {
  const json::array fields{previous,   row.sequence, row.at,      row.actor,   row.actor_name, row.via,
                           row.action, row.target,   row.address, row.outcome, row.detail};
  return sha256_hex(dump(fields));
}

}  // namespace vf::store
