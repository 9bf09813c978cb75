// API keys in SQLite.
#pragma once

#include <memory>

#include "store/keys.h"
#include "store/sqlite/pool.h"

namespace vf::store {

// The pool outlives the store.
std::unique_ptr<KeyStore> sqlite_key_store(SqlitePool& pool);

}  // namespace vf::store
