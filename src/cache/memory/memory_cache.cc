#include "cache/memory/memory_cache.h"

#include <algorithm>
#include <list>
#include <mutex>
#include <string_view>
#include <unordered_map>

#include "base/recent.h"

namespace vf::cache {
namespace {

constexpr std::int64_t kBookkeeping = 200;  // bytes of one entry besides its key and value
constexpr std::int64_t kLargestShare = 8;   // one value takes no more than this part of the room

// One clock of invalidations for all tags: a value is good while none of its tags was invalidated after its mark.
class MemoryCache final : public Cache {
 public:
  explicit MemoryCache(MemoryCacheOptions options)
      : options_(std::move(options)), numbers_(options_.max_numbers / 2), tags_(options_.max_tags / 2) {
    if (!options_.now)
      options_.now = [] {
        return std::chrono::duration_cast<std::chrono::milliseconds>(
                   std::chrono::steady_clock::now().time_since_epoch())
            .count();
      };
  }

  Result<Found> find(const std::string& key, const Tags& tags) override {
    const std::scoped_lock lock(mutex_);
    Found out{Mark{{changes_}}, std::nullopt};
    const auto at = entries_.find(key);
    if (at == entries_.end()) return out;
    if (at->second->until <= options_.now() || at->second->mark < last_change(tags)) {
      forget(at->second);
      return out;
    }
    order_.splice(order_.begin(), order_, at->second);
    out.value = at->second->value;
    return out;
  }

  Result<void> put(const std::string& key, const Mark& mark, std::string value,
                   std::chrono::milliseconds keep) override {
    const auto size = static_cast<std::int64_t>(key.size() + value.size()) + kBookkeeping;
    if (mark.generations.size() != 1 || size > options_.max_bytes / kLargestShare) return {};
    const std::scoped_lock lock(mutex_);
    if (const auto at = entries_.find(key); at != entries_.end()) {
      // Two looked at once; the one that looked later knows better.
      if (at->second->mark > mark.generations[0]) return {};
      forget(at->second);
    }
    while (bytes_ + size > options_.max_bytes && !order_.empty()) forget(std::prev(order_.end()));
    order_.push_front({key, std::move(value), mark.generations[0], options_.now() + keep.count(), size});
    entries_.emplace(order_.front().key, order_.begin());
    bytes_ += size;
    return {};
  }

  Result<void> invalidate(const std::string& tag) override {
    const std::scoped_lock lock(mutex_);
    tags_.put(tag, ++changes_);
    // Tags that were forgotten on the way count as changed by now.
    if (tags_.rounds() != rounds_) forgotten_ = changes_;
    rounds_ = tags_.rounds();
    return {};
  }

  Result<Raised> raise(const std::string& key, std::int64_t floor, std::int64_t step, std::int64_t ceiling,
                       std::chrono::milliseconds keep) override {
    const std::scoped_lock lock(mutex_);
    const auto now = options_.now();
    const auto* number = numbers_.find(key);
    const auto from = std::clamp(number && number->until > now ? number->value : 0, floor, ceiling);
    const Raised out = from + step <= ceiling ? Raised{true, from + step} : Raised{false, from};
    numbers_.put(key, {out.value, now + keep.count()});
    return out;
  }

  Result<Load> load() override {
    const std::scoped_lock lock(mutex_);
    return Load{static_cast<std::int64_t>(entries_.size()), bytes_};
  }

 private:
  struct Entry {
    std::string key;
    std::string value;
    std::int64_t mark = 0;
    std::int64_t until = 0;
    std::int64_t size = 0;
  };
  struct Number {
    std::int64_t value = 0;
    std::int64_t until = 0;
  };
  using Order = std::list<Entry>;

  std::int64_t last_change(const Tags& tags) {
    auto out = forgotten_;
    for (const auto& tag : tags)
      if (const auto* at = tags_.find(tag)) out = std::max(out, *at);
    return out;
  }

  void forget(Order::iterator entry) {
    bytes_ -= entry->size;
    entries_.erase(entry->key);
    order_.erase(entry);
  }

  MemoryCacheOptions options_;
  std::mutex mutex_;
  Order order_;  // the one used last in front
  std::unordered_map<std::string_view, Order::iterator> entries_;
  std::int64_t bytes_ = 0;
  Recent<Number> numbers_;
  Recent<std::int64_t> tags_;
  std::size_t rounds_ = 0;
  std::int64_t changes_ = 0;    // counts invalidations
  std::int64_t forgotten_ = 0;  // the last of a tag that may be forgotten
};

}  // namespace

std::unique_ptr<Cache> make_memory_cache(MemoryCacheOptions options) {
  return std::make_unique<MemoryCache>(std::move(options));
}

}  // namespace vf::cache
