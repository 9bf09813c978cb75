// How often: the generic cell rate algorithm (GCRA, ITU-T I.371) for each caller and budget, and the block
// for addresses that go on after being told.
//
// GCRA keeps one moment for each caller, at which its budget is whole again. Requests refill evenly over the
// period; as many as `limit` may come at once. The moments stand in the cache, each take() is one atomic step of it
// (cache::Cache::raise): servers that share a cache share the budgets. Thread-safe; memory is the cache's to bound.
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/clock.h"
#include "base/recent.h"
#include "cache/cache.h"

namespace vf::auth {

struct Quota {
  std::int64_t limit = 0;   // requests; 0: not limited
  std::int64_t period = 0;  // milliseconds
};

struct Allowance {
  bool allowed = true;
  Quota quota;
  std::int64_t remaining = 0;
  std::int64_t reset_after = 0;  // milliseconds until the budget is whole again
  std::int64_t retry_after = 0;  // milliseconds until one more is let through; 0 when this one was
};

class RateLimiter {
 public:
  // The cache outlives it.
  RateLimiter(Clock clock, cache::Cache& cache) : clock_(std::move(clock)), cache_(cache) {}
  // `key` names caller and budget: "api user 0193..". Where the cache cannot be asked everybody is let through: a
  // limit must not become an outage.
  Allowance take(const std::string& key, const Quota& quota);

 private:
  Clock clock_;
  cache::Cache& cache_;
};

struct BlockRules {
  int strikes = 10;                      // refusals ...
  std::int64_t within = 10 * kMinute;    // ... in this time ...
  std::int64_t duration = 15 * kMinute;  // ... block the address so long
};

struct BlockedAddress {
  std::string address;
  std::int64_t since = 0;  // Unix milliseconds
  std::int64_t until = 0;
};

// Thread-safe; in this process. A restart releases everybody.
class BlockList {
 public:
  BlockList(Clock clock, const BlockRules& rules) : clock_(std::move(clock)), rules_(rules), strikes_(50'000) {}

  // Milliseconds until the address is free; nothing when it is.
  std::optional<std::int64_t> blocked_for(const std::string& address);
  // One more refusal. True when this one made it a block.
  bool strike(const std::string& address);
  std::vector<BlockedAddress> list();
  bool release(const std::string& address);  // false: it was not blocked

 private:
  struct Record {
    std::deque<std::int64_t> refusals;
    std::int64_t since = 0;
    std::int64_t until = 0;
  };
  Clock clock_;
  BlockRules rules_;
  std::mutex mutex_;
  Recent<Record> strikes_;
};

// What counts as one caller: an IPv4 address, or the 64 bits of an IPv6 network that one household gets
// (RFC 6177). Text that is no address is its own name.
std::string address_group(std::string_view address);

}  // namespace vf::auth
