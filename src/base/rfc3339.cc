#include "base/rfc3339.h"

#include <chrono>

#include <fmt/format.h>

namespace vf {
namespace {

using namespace std::chrono;

// Takes fixed-width numbers and signs from the front; `good` ends false where the text differs.
struct Reader {
  std::string_view rest;
  bool good = true;

  int number(std::size_t digits) {
    int value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      const char c = i < rest.size() ? rest[i] : 'x';
      good = good && c >= '0' && c <= '9';
      value = value * 10 + (c - '0');
    }
    rest.remove_prefix(std::min(digits, rest.size()));
    return value;
  }
  bool sign(std::string_view any_of) {
    const bool found = !rest.empty() && any_of.find(rest.front()) != std::string_view::npos;
    if (found) rest.remove_prefix(1);
    return found;
  }
  void expect(std::string_view any_of) { good = sign(any_of) && good; }
};

int read_fraction(Reader& reader) {
  if (!reader.sign(".")) return 0;
  int value = 0, digits = 0;
  for (; !reader.rest.empty() && reader.rest.front() >= '0' && reader.rest.front() <= '9'; ++digits) {
    if (digits < 3) value = value * 10 + (reader.rest.front() - '0');
    reader.rest.remove_prefix(1);
  }
  reader.good = reader.good && digits > 0;
  for (; digits < 3; ++digits) value *= 10;
  return value;
}

minutes read_offset(Reader& reader) {
  if (reader.sign("Zz")) return minutes(0);
  const bool west = reader.sign("-");
  if (!west) reader.expect("+");
  const int h = reader.number(2);
  reader.expect(":");
  const int m = reader.number(2);
  reader.good = reader.good && h < 24 && m < 60;
  return (west ? -1 : 1) * (hours(h) + minutes(m));
}

}  // namespace

std::string format_rfc3339(std::int64_t milliseconds) {
  const sys_time<std::chrono::milliseconds> point{std::chrono::milliseconds(milliseconds)};
  const auto day = floor<days>(point);
  const year_month_day date(day);
  const hh_mm_ss time(point - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", int(date.year()), unsigned(date.month()),
                     unsigned(date.day()), time.hours().count(), time.minutes().count(), time.seconds().count(),
                     time.subseconds().count());
}

std::optional<std::int64_t> parse_rfc3339(std::string_view text) {
  Reader reader{text};
  const int y = reader.number(4);
  reader.expect("-");
  const int m = reader.number(2);
  reader.expect("-");
  const int d = reader.number(2);
  reader.expect("Tt ");
  const int hour = reader.number(2);
  reader.expect(":");
  const int minute = reader.number(2);
  reader.expect(":");
  const int second = reader.number(2);
  const int fraction = read_fraction(reader);
  const auto offset = read_offset(reader);
  const year_month_day date{year(y), month(static_cast<unsigned>(m)), day(static_cast<unsigned>(d))};
  // 60: a leap second is the last moment of its minute.
  if (!reader.good || !reader.rest.empty() || !date.ok() || hour > 23 || minute > 59 || second > 60)
    return std::nullopt;
  const auto point = sys_days(date) + hours(hour) + minutes(minute) + seconds(std::min(second, 59)) - offset;
  const auto value = duration_cast<milliseconds>(point.time_since_epoch()).count() + fraction;
  return value < 0 ? std::nullopt : std::optional<std::int64_t>(value);
}

}  // namespace vf
