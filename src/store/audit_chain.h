// How the rows of the audit log are chained: the same for every database.
#pragma once

#include <string>
#include <string_view>

#include "base/hmac.h"
#include "base/json.h"
#include "base/sha256.h"
#include "store/audit.h"

namespace vf::store {

// HMAC-SHA-256 under the key over the previous row's hash (empty for the first) and the row's fields as one JSON array,
// whose quoting leaves no two rows the same text. Without a key SHA-256: rows of before there was one.
inline std::string audit_hash(const std::string& previous, const AuditEntry& row, std::string_view key) {
  const json::array fields{previous,   row.sequence, row.at,      row.actor,   row.actor_name, row.via,
                           row.action, row.target,   row.address, row.outcome, row.detail};
  return key.empty() ? sha256_hex(dump(fields)) : hmac_sha256_hex(key, dump(fields));
}

}  // namespace vf::store
