// cache::Cache in this process' memory: the values used least recently go first when the bytes are too many.
#pragma once

#include <functional>
#include <memory>

#include "cache/cache.h"

namespace vf::cache {

struct MemoryCacheOptions {
  std::int64_t max_bytes = 64 << 20;  // keys and values together; one value may take an eighth of it
  std::size_t max_numbers = 100'000;  // of raise(); those without a step for longest go first
  std::size_t max_tags = 50'000;      // that are remembered one by one
  // Milliseconds of a clock that never jumps.
  std::function<std::int64_t()> now = {};  // empty: the steady clock
};

std::unique_ptr<Cache> make_memory_cache(MemoryCacheOptions options = {});

}  // namespace vf::cache
