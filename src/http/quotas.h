// What accounts may use: by their role, or by what an admin set for one of them; what they use; and the answer when
// something would be too much, which says the limit, what is used and when that changes. docs/guides/accounts.md.
//
// Thread-safe; the store outlives it.
#pragma once

#include <algorithm>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "http/message/problem.h"
#include "store/quotas.h"

namespace vf::http {

// Whole: nothing is missing in either; 0: no bound. Viewers make nothing, so the shares of users stand for them.
struct QuotaShares {
  store::QuotaLimits user{0, 0, 0, 0};
  store::QuotaLimits admin{0, 0, 0, 0};
};

// One quota of one account as it stands.
struct Quota {
  std::string name;  // "storage", "minutesPerMonth", "jobs", "uploadsPerDay"
  std::string unit;  // "bytes", "minutes", "jobs", "uploads"
  std::int64_t limit = 0;
  double used = 0;
  bool own = false;                       // set for this account
  std::optional<std::int64_t> resets_at;  // Unix milliseconds: when the use falls by itself
  double left() const { return limit > 0 ? std::max(0.0, static_cast<double>(limit) - used) : 0; }
};

// What somebody wants to begin.
struct QuotaWish {
  std::int64_t bytes = 0;
  bool upload = false;
  bool job = false;
  std::int64_t media_ms = 0;  // of the job's source, where it is known
};

class Quotas {
 public:
  Quotas(store::QuotaStore& store, const QuotaShares& shares, std::function<std::int64_t()> now_ms)
      : shares(shares), store_(store), now_ms_(std::move(now_ms)) {}

  // All four, in the order above. Of an unknown account: those of a user.
  Result<std::vector<Quota>> of(const std::string& user);
  Result<store::Allowed> allowed(const std::string& user);  // not_found
  // Errors: invalid_argument with a pointer for a negative number; not_found.
  Result<void> set(const std::string& user, const store::QuotaLimits& own);

  // The problem to answer with, or nothing: 413 for bytes, 429 else.
  std::optional<Response> refuse(const Request& request, const std::string& user, const QuotaWish& wish);
  // Held from refuse() until what was let through is stored: of two at once, one may be the one too many.
  std::unique_lock<std::mutex> admission() { return std::unique_lock(admission_); }

  // Forgets the use of months before the last one.
  Result<void> tend();

  QuotaShares shares;

 private:
  struct State;
  Result<State> state(const std::string& user);

  store::QuotaStore& store_;
  std::function<std::int64_t()> now_ms_;
  std::mutex admission_;
};

json::object quota_json(const Quota& quota);

}  // namespace vf::http
