// Passkeys in SQLite.
#pragma once

#include <memory>

#include "store/passkeys.h"
#include "store/sqlite/pool.h"

namespace vf::store {

// The pool outlives the store.
std::unique_ptr<PasskeyStore> sqlite_passkey_store(SqlitePool& pool);

}  // namespace vf::store
