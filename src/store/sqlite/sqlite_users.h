// Accounts in SQLite.
#pragma once

#include <memory>

#include "store/sqlite/pool.h"
#include "store/users.h"

namespace vf::store {

// The pool outlives the store.
std::unique_ptr<UserStore> sqlite_user_store(SqlitePool& pool);

}  // namespace vf::store
