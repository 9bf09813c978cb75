#include "store/sqlite/migrations.h"

#include "store/sqlite_migrations.h"

namespace vf::store {

std::span<const Migration> sqlite_migrations() { return kMigrations; }

}  // namespace vf::store
