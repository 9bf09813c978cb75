#include "http/message/http_date.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>
#include <vector>

#include <fmt/format.h>

namespace vf::http {
namespace {

constexpr auto kDays = std::to_array<std::string_view>({"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"});
constexpr auto kMonths = std::to_array<std::string_view>(
    {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"});

std::optional<int> number(std::string_view text) {
  int out = 0;
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (text.empty() || wrong != std::errc{} || end != text.data() + text.size() || out < 0) return std::nullopt;
  return out;
}

std::vector<std::string_view> words(std::string_view text) {
  std::vector<std::string_view> out;
  for (std::size_t at = 0; (at = text.find_first_not_of(" -", at)) != std::string_view::npos;) {
    const auto end = std::min(text.find_first_of(" -", at), text.size());
    out.push_back(text.substr(at, end - at));
    at = end;
  }
  return out;
}

// Two digits of a year mean the one that is at most 50 years ahead (RFC 9110 5.6.7).
int full_year(int year) {
  const std::time_t now = std::time(nullptr);
  std::tm today{};
  gmtime_r(&now, &today);
  const int century = (today.tm_year + 1900) / 100 * 100;
  return century + year > today.tm_year + 1900 + 50 ? century + year - 100 : century + year;
}

std::optional<std::int64_t> seconds_of(std::string_view day, std::string_view month, std::string_view year,
                                       std::string_view clock) {
  const auto named = std::find(kMonths.begin(), kMonths.end(), month);
  if (named == kMonths.end() || clock.size() != 8 || clock[2] != ':' || clock[5] != ':') return std::nullopt;
  const auto d = number(day), y = number(year), h = number(clock.substr(0, 2)), m = number(clock.substr(3, 2)),
             s = number(clock.substr(6, 2));
  if (!d || !y || !h || !m || !s || *d < 1 || *d > 31 || *h > 23 || *m > 59 || *s > 60 || *y > 9999)
    return std::nullopt;
  std::tm out{};
  out.tm_year = (year.size() == 2 ? full_year(*y) : *y) - 1900;
  out.tm_mon = static_cast<int>(named - kMonths.begin());
  out.tm_mday = *d;
  out.tm_hour = *h;
  out.tm_min = *m;
  out.tm_sec = *s;
  return timegm(&out);
}

}  // namespace

std::string format_http_date(std::int64_t seconds) {
  const std::time_t at = seconds;
  std::tm tm{};
  gmtime_r(&at, &tm);
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", kDays[static_cast<std::size_t>(tm.tm_wday)],
                     tm.tm_mday, kMonths[static_cast<std::size_t>(tm.tm_mon)], tm.tm_year + 1900, tm.tm_hour, tm.tm_min,
                     tm.tm_sec);
}

std::optional<std::int64_t> parse_http_date(std::string_view text) {
  const auto w = words(text);
  if (w.size() == 6 && w[5] == "GMT") return seconds_of(w[1], w[2], w[3], w[4]);  // the usual one, and RFC 850's
  if (w.size() == 5) return seconds_of(w[2], w[1], w[4], w[3]);                   // asctime's
  return std::nullopt;
}

}  // namespace vf::http
