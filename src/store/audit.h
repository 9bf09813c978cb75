// The port for the audit log: every security-relevant act, append-only, each row chained to the one before
// (store/audit_chain.h) under a key that is not in the database, so that whoever can write there alone cannot compute
// the chain anew. Rows of before there was a key stand at the beginning, chained without. Adapters: store/sqlite.
//
// Thread-safe; each method is one transaction, so rows are chained in the order of their numbers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"

namespace vf::store {

struct AuditEntry {
  std::int64_t sequence = 0;  // given by append()
  std::int64_t at = 0;        // Unix milliseconds
  std::string actor;          // user id; empty: nobody signed in
  std::string actor_name;
  std::string via;      // "session 0193..", "key 0193..", "command line"
  std::string action;   // "key.create"
  std::string target;   // "key 0193.."
  std::string address;  // of the client
  std::string outcome;  // "ok", "refused"
  std::string detail;   // a few words; never a secret
  std::string hash;     // given by append()
};

struct AuditQuery {
  std::int64_t before = 0;  // sequence; 0: from the newest
  std::int64_t limit = 50;
  std::string actor;
  std::string action;  // or its beginning: "key." finds all about keys
  std::string target;
  std::string outcome;
  std::int64_t from = 0;  // Unix milliseconds; 0: any
  std::int64_t to = 0;
};

struct AuditVerdict {
  std::int64_t rows = 0;
  std::string head;                        // hash of the last row: written down elsewhere, it shows rows cut off
  std::optional<std::int64_t> broken_at;   // the first row that does not fit its predecessor
  std::optional<std::int64_t> keyed_from;  // the first row that is chained with a key; it never moves
  std::int64_t unchecked = 0;              // rows that are, where the key is not at hand
};

class AuditStore {
 public:
  virtual ~AuditStore() = default;
  // 32 bytes; what is appended from now on is chained with it, and verify() needs it. Once, before the first row.
  virtual void use_key(std::string key) = 0;
  // Without the key, only while no row is chained with one: internal otherwise.
  virtual Result<std::int64_t> append(const AuditEntry& entry) = 0;
  virtual Result<std::vector<AuditEntry>> list(const AuditQuery& query) = 0;  // newest first
  virtual Result<AuditVerdict> verify() = 0;
};

}  // namespace vf::store
