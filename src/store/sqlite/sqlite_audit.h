// The audit log and the server's secrets in SQLite.
#pragma once

#include <memory>

#include "store/audit.h"
#include "store/secrets.h"
#include "store/sqlite/pool.h"

namespace vf::store {

// The pool outlives the stores.
std::unique_ptr<AuditStore> sqlite_audit_store(SqlitePool& pool);
std::unique_ptr<SecretStore> sqlite_secret_store(SqlitePool& pool);

}  // namespace vf::store
