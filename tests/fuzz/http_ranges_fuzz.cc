// Any Range field gives ranges inside the file, in order and apart, so that no answer outgrows the file.
// The first two bytes are the file's size.
#include <cstdint>
#include <cstdlib>

#include "http/message/ranges.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace http = vf::http;
  if (size < 2) return 0;
  const std::int64_t whole = data[0] * 256 + data[1];
  const auto choice = http::choose_ranges({reinterpret_cast<const char*>(data + 2), size - 2}, whole);
  if ((choice.answer == http::RangeChoice::Answer::partial) != !choice.ranges.empty()) std::abort();
  if (choice.ranges.size() > http::kMostRanges) std::abort();
  std::int64_t end = 0;
  for (const auto& range : choice.ranges) {
    if (range.size <= 0 || range.first < end || range.first + range.size > whole) std::abort();
    end = range.first + range.size;
  }
  return 0;
}
