// The port for quotas: what an account may use where that differs from its role, and what it uses. Adapters:
// store/sqlite.
//
// Thread-safe; each method is one transaction. Times are Unix milliseconds.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/error.h"

namespace vf::store {

// Nothing: as the role. 0: no bound.
struct QuotaLimits {
  std::optional<std::int64_t> storage_bytes;
  std::optional<std::int64_t> minutes_a_month;  // of media that accepted jobs read
  std::optional<std::int64_t> jobs;             // waiting or running at a time
  std::optional<std::int64_t> uploads_a_day;    // begun within 24 hours
  bool operator==(const QuotaLimits&) const = default;
};

struct Allowed {
  std::string role;  // of the account
  QuotaLimits own;
};

struct QuotaUse {
  std::int64_t storage_bytes = 0;    // of videos and results
  std::int64_t uploading_bytes = 0;  // declared by open uploads
  std::int64_t media_ms = 0;         // of sources of jobs that were accepted since `month`; known durations only
  std::int64_t jobs = 0;
  std::int64_t uploads = 0;                  // begun since `day`
  std::optional<std::int64_t> first_upload;  // when the first of those began
};

class QuotaStore {
 public:
  virtual ~QuotaStore() = default;
  // Nothing for an unknown account.
  virtual Result<std::optional<Allowed>> find(const std::string& user) = 0;
  virtual Result<void> set(const std::string& user, const QuotaLimits& own, std::int64_t now) = 0;  // not_found

  struct Since {
    std::int64_t day = 0;
    std::int64_t month = 0;
  };
  virtual Result<QuotaUse> use(const std::string& user, const Since& since) = 0;
  // Minutes of months that nobody asks about any more.
  virtual Result<void> forget_before(std::int64_t at) = 0;
};

}  // namespace vf::store
