// One page of a list, newest first, with the place where the next one begins.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace vf::store {

// Where a page begins: after the item of this time and id. The text form is opaque to clients.
struct Cursor {
  std::int64_t at_ms = 0;
  std::string id;
};

template <typename T>
struct Page {
  std::vector<T> items;
  std::optional<Cursor> next;  // empty: this was the last page
};

}  // namespace vf::store
