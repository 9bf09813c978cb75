#include "http/quotas.h"

#include <array>
#include <chrono>
#include <cmath>

#include <fmt/format.h>

#include "base/rfc3339.h"

namespace vf::http {
namespace {

constexpr std::int64_t kDayMs = 24LL * 3600 * 1000;
constexpr double kMinuteMs = 60'000;

using Limit = std::optional<std::int64_t> store::QuotaLimits::*;

struct Row {
  const char* name;
  const char* unit;
  const char* pointer;
  Limit limit;
};

enum Which : std::size_t { kStorage, kMinutes, kJobs, kUploads };

constexpr std::array<Row, 4> kRows{{
    {"storage", "bytes", "/storageBytes", &store::QuotaLimits::storage_bytes},
    {"minutesPerMonth", "minutes", "/minutesPerMonth", &store::QuotaLimits::minutes_a_month},
    {"jobs", "jobs", "/jobs", &store::QuotaLimits::jobs},
    {"uploadsPerDay", "uploads", "/uploadsPerDay", &store::QuotaLimits::uploads_a_day},
}};

std::chrono::year_month month_of(std::int64_t now_ms) {
  using namespace std::chrono;
  const year_month_day today(floor<days>(sys_time<milliseconds>(milliseconds(now_ms))));
  return today.year() / today.month();
}

std::int64_t begin_of(std::chrono::year_month month) {
  using namespace std::chrono;
  return sys_time<milliseconds>(sys_days(month / day(1))).time_since_epoch().count();
}

std::optional<Response> too_much(const Request& request, int status, const Quota& quota, std::int64_t now,
                                 const std::string& detail) {
  auto out = problem(request, status, "quota_exceeded", detail, {}, {{"quota", quota_json(quota)}});
  constexpr std::int64_t kSoon = 30'000;  // jobs end when they end
  const auto wait = quota.resets_at.value_or(now + kSoon) - now;
  if (status == 429) out.headers.set("Retry-After", std::to_string(std::max<std::int64_t>(1, (wait + 999) / 1000)));
  return out;
}

}  // namespace

struct Quotas::State {
  std::int64_t now = 0;
  store::QuotaUse use;
  std::array<Quota, 4> quotas;
};

Result<Quotas::State> Quotas::state(const std::string& user) {
  State out{.now = now_ms_()};
  const auto allowed = VF_TRY(store_.find(user)).value_or(store::Allowed{});
  const auto& share = allowed.role == "admin" ? shares.admin : shares.user;
  const auto month = month_of(out.now);
  out.use = VF_TRY(store_.use(user, {.day = out.now - kDayMs, .month = begin_of(month)}));
  const std::array used{static_cast<double>(out.use.storage_bytes + out.use.uploading_bytes),
                        static_cast<double>(out.use.media_ms) / kMinuteMs, static_cast<double>(out.use.jobs),
                        static_cast<double>(out.use.uploads)};
  for (std::size_t i = 0; i < kRows.size(); ++i) {
    const auto own = allowed.own.*kRows[i].limit;
    out.quotas[i] = {.name = kRows[i].name,
                     .unit = kRows[i].unit,
                     .limit = own ? *own : (share.*kRows[i].limit).value_or(0),
                     .used = used[i],
                     .own = own.has_value()};
  }
  out.quotas[kMinutes].resets_at = begin_of(month + std::chrono::months(1));
  if (out.use.first_upload) out.quotas[kUploads].resets_at = *out.use.first_upload + kDayMs;
  return out;
}

Result<std::vector<Quota>> Quotas::of(const std::string& user) {
  const auto now = VF_TRY(state(user));
  return std::vector(now.quotas.begin(), now.quotas.end());
}

Result<store::Allowed> Quotas::allowed(const std::string& user) {
  auto found = VF_TRY(store_.find(user));
  if (!found) return fail(ErrorCode::not_found, "There is no such user.");
  return std::move(*found);
}

Result<void> Quotas::set(const std::string& user, const store::QuotaLimits& own) {
  for (const auto& row : kRows)
    if ((own.*row.limit).value_or(0) < 0)
      return std::unexpected(
          Error{ErrorCode::invalid_argument,
                fmt::format("{} is a number from 0 (no bound), or null for the role's.", row.pointer + 1),
                {},
                row.pointer});
  return store_.set(user, own, now_ms_());
}

std::optional<Response> Quotas::refuse(const Request& request, const std::string& user, const QuotaWish& wish) {
  const auto found = state(user);
  if (!found) return problem(request, found.error());
  const auto& [now, use, quotas] = *found;
  const auto bound = [&](Which which, double more) {
    return quotas[which].limit > 0 && quotas[which].used + more > static_cast<double>(quotas[which].limit);
  };
  const auto when = [&](Which which) { return format_rfc3339(quotas[which].resets_at.value_or(now)); };
  if (wish.upload && bound(kUploads, 1))
    return too_much(request, 429, quotas[kUploads], now,
                    fmt::format("This account began {} uploads within 24 hours, and may begin {}; go on after {}.",
                                use.uploads, quotas[kUploads].limit, when(kUploads)));
  if (wish.bytes > 0 && bound(kStorage, static_cast<double>(wish.bytes)))
    return too_much(
        request, 413, quotas[kStorage], now,
        fmt::format("This account stores {} bytes and {} more are being uploaded; another {} would pass the "
                    "{} bytes it may store. Delete what is no longer needed.",
                    use.storage_bytes, use.uploading_bytes, wish.bytes, quotas[kStorage].limit));
  if (wish.job && bound(kJobs, 1))
    return too_much(request, 429, quotas[kJobs], now,
                    fmt::format("You have {} jobs waiting or running, and may have {}; wait for one to end.", use.jobs,
                                quotas[kJobs].limit));
  const auto minutes = static_cast<double>(wish.media_ms) / kMinuteMs;
  const bool spent = quotas[kMinutes].limit > 0 && quotas[kMinutes].used >= static_cast<double>(quotas[kMinutes].limit);
  if ((wish.job || wish.upload) && (spent || bound(kMinutes, minutes)))
    return too_much(request, 429, quotas[kMinutes], now,
                    fmt::format("This account's jobs took {:.1f} minutes of media this month{}, and may take {}; go on "
                                "after {}, or ask an admin for more.",
                                quotas[kMinutes].used, minutes > 0 ? fmt::format(", this one has {:.1f}", minutes) : "",
                                quotas[kMinutes].limit, when(kMinutes)));
  return std::nullopt;
}

Result<void> Quotas::tend() { return store_.forget_before(begin_of(month_of(now_ms_()) - std::chrono::months(1))); }

json::object quota_json(const Quota& quota) {
  json::object out{{"name", quota.name}, {"unit", quota.unit}, {"limit", nullptr}, {"used", nullptr}};
  if (quota.limit > 0) out["limit"] = quota.limit;
  // Whole where it is counted in whole ones.
  if (quota.unit == "minutes")
    out["used"] = std::round(quota.used * 10) / 10;
  else
    out["used"] = static_cast<std::int64_t>(quota.used);
  out["source"] = quota.own ? "account" : "role";
  out["resetsAt"] = nullptr;
  if (quota.resets_at) out["resetsAt"] = format_rfc3339(*quota.resets_at);
  return out;
}

}  // namespace vf::http
