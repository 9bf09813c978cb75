// store::QuotaStore over SQLite.
#pragma once

#include <memory>

#include "store/quotas.h"
#include "store/sqlite/pool.h"

namespace vf::store {

// The pool outlives it.
std::unique_ptr<QuotaStore> sqlite_quota_store(SqlitePool& pool);

}  // namespace vf::store
