// Sessions in SQLite.
#pragma once

#include <memory>

#include "store/sessions.h"
#include "store/sqlite/pool.h"

namespace vf::store {

// The pool outlives the store.
std::unique_ptr<SessionStore> sqlite_session_store(SqlitePool& pool);

}  // namespace vf::store
