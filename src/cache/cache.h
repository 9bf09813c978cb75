// The port for what may be forgotten: answers that many ask for, and numbers that are counted against.
//
// A value depends on tags ("gallery", "video 0193.."). Whoever changes what stands behind a tag invalidates it, and
// every value that was put under an earlier mark of the tag is void at once, wherever it was made. The mark is
// taken by find(), before the value is read from where it really stands: a change that comes between reading and
// put() makes the put one void as well, so that nothing old is ever found after an invalidation.
//
// Thread-safe. An error means that the cache cannot be asked; callers go on without it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"

namespace vf::cache {

using Tags = std::vector<std::string>;

// How far the tags had come; means something to the cache that gave it.
struct Mark {
  std::vector<std::int64_t> generations;
};

struct Found {
  Mark mark;  // for put(), where the value is missing
  std::optional<std::string> value;
};

// What became of raise().
struct Raised {
  bool done = true;        // false: it would have gone beyond the ceiling, and stays
  std::int64_t value = 0;  // as it is now
};

class Cache {
 public:
  virtual ~Cache() = default;

  // The value under the key, where it was put under this mark of the tags and its time is not over. The same tags
  // for every call about one key.
  virtual Result<Found> find(const std::string& key, const Tags& tags) = 0;
  virtual Result<void> put(const std::string& key, const Mark& mark, std::string value,
                           std::chrono::milliseconds keep) = 0;
  virtual Result<void> invalidate(const std::string& tag) = 0;

  // One atomic step of a number, 0 where there is none: it is brought into [floor, ceiling], then raised by `step`
  // unless that leads beyond the ceiling. Forgotten after `keep` without a step. Counting against a limit in
  // several processes needs no more than this (auth/rate_limit.h).
  virtual Result<Raised> raise(const std::string& key, std::int64_t floor, std::int64_t step, std::int64_t ceiling,
                               std::chrono::milliseconds keep) = 0;

  struct Load {
    std::int64_t values = 0;
    std::int64_t bytes = 0;  // of keys and values
  };
  virtual Result<Load> load() = 0;
};

}  // namespace vf::cache
