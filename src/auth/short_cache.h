// Answers of the database that may be a few seconds old: whether a session stands, whose a key is.
//
// Whoever changes a row here forgets its answer at once; a change by another process (`videoforge admin`,
// a second server) is seen when the answer's time is over. Thread-safe; bounded.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "base/recent.h"

namespace vf::auth {

template <typename Value>
class ShortCache {
 public:
  explicit ShortCache(std::int64_t milliseconds, std::size_t half = 20'000) : keep_(milliseconds), held_(half) {}

  std::optional<Value> find(const std::string& key, std::int64_t now) {
    const std::scoped_lock lock(mutex_);
    const auto* entry = held_.find(key);
    // A clock that was set back makes nothing last longer.
    if (!entry || now >= entry->since + keep_ || now < entry->since) return std::nullopt;
    return entry->value;
  }

  // What was true before the row was read: pass it to put(), which then keeps nothing that a change in the
  // meantime has made wrong.
  std::uint64_t version() {
    const std::scoped_lock lock(mutex_);
    return version_;
  }

  void put(const std::string& key, Value value, std::int64_t now, std::uint64_t version) {
    const std::scoped_lock lock(mutex_);
    if (version == version_) held_.put(key, Entry{now, std::move(value)});
  }

  void forget(const std::string& key) {
    const std::scoped_lock lock(mutex_);
    ++version_;
    held_.erase(key);
  }

  void clear() {
    const std::scoped_lock lock(mutex_);
    ++version_;
    held_.clear();
  }

 private:
  struct Entry {
    std::int64_t since = 0;
    Value value;
  };
  std::int64_t keep_;
  std::mutex mutex_;
  std::uint64_t version_ = 0;
  Recent<Entry> held_;
};

}  // namespace vf::auth
