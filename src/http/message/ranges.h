// Byte ranges (RFC 9110 14): which bytes of a representation a Range field asks for.
//
// A field that cannot be read, or of another unit, is ignored (14.2). Ranges that overlap, touch or lie
// nearer than a part's head costs are joined, so that no request makes the answer larger than the whole
// and its heads; more than kMostRanges after that are refused with 416.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace vf::http {

inline constexpr std::size_t kMostRanges = 100;

struct ByteRange {
  std::int64_t first = 0;
  std::int64_t size = 0;
  bool operator==(const ByteRange&) const = default;
};

struct RangeChoice {
  enum class Answer { whole, partial, unsatisfiable };  // 200, 206, 416
  Answer answer = Answer::whole;
  std::vector<ByteRange> ranges;  // of a partial answer: at least one
};

// `size`: bytes of the whole.
RangeChoice choose_ranges(std::string_view range_field, std::int64_t size);

// "bytes 0-99/1000", and for 416 "bytes */1000".
std::string content_range(const ByteRange& range, std::int64_t size);
std::string content_range_unsatisfied(std::int64_t size);

}  // namespace vf::http
