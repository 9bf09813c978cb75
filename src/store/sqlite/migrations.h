// The schema's history: each step once, in order, in a transaction. A step that has been released is
// never edited; its checksum is compared at every start.
#pragma once

#include <span>
#include <string_view>

namespace vf::store {

struct Migration {
  int version;
  std::string_view sql;
};

std::span<const Migration> sqlite_migrations();

}  // namespace vf::store
