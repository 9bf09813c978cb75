// store::AssetStore over SQLite.
#pragma once

#include <memory>

#include "store/assets.h"

namespace vf::store {

class SqlitePool;

// The pool outlives it.
std::unique_ptr<AssetStore> sqlite_asset_store(SqlitePool& pool);

}  // namespace vf::store
