// A bounded reader of the boxes we write ourselves (ISO/IEC 14496-12), safe on any bytes. Encryption
// and verification read fragments through it; it is no general demuxer.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace vf::media {

using ByteView = std::span<const std::uint8_t>;

// Big-endian fields one after the other. Reading past the end yields zeros and makes ok() false.
class ByteReader {
 public:
  explicit ByteReader(ByteView bytes) : bytes_(bytes) {}
  std::uint64_t number(int count);
  std::uint8_t u8() { return static_cast<std::uint8_t>(number(1)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(number(2)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(number(4)); }
  std::uint64_t u64() { return number(8); }
  void skip(std::size_t count);
  std::size_t left() const { return bytes_.size() - at_; }
  bool ok() const { return ok_; }

 private:
  ByteView bytes_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

struct Box {
  std::uint32_t type = 0;
  std::size_t offset = 0;  // of its header, in the bytes walked
  std::size_t size = 0;    // with header
  ByteView body;
};

constexpr std::uint32_t fourcc(const char (&name)[5]) {
  std::uint32_t out = 0;
  for (int i = 0; i < 4; ++i) out = out << 8 | static_cast<std::uint8_t>(name[i]);
  return out;
}

inline ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// The boxes that stand in `bytes` one after the other. Errors: invalid_input (a box that reaches past
// the end, or more than 100,000 boxes).
Result<std::vector<Box>> read_boxes(ByteView bytes);

// The first box of this type among those; null without one.
const Box* find_box(const std::vector<Box>& boxes, std::uint32_t type);

struct FragmentSample {
  std::uint32_t size = 0;
  std::uint32_t duration = 0;  // ticks
  std::uint32_t flags = 0;     // ISO/IEC 14496-12 8.8.3.1
  std::int32_t offset = 0;     // presentation minus decode time, ticks
  bool key() const { return (flags & 0x00010000) == 0; }
};

// One segment: a moof with one traf and one trun, then its mdat.
struct Fragment {
  std::uint32_t sequence_number = 0;
  std::uint32_t track_id = 0;
  std::uint64_t decode_time = 0;  // ticks, of the first sample
  std::vector<FragmentSample> samples;
  std::size_t moof_size = 0;
  std::size_t data_offset = 0;  // of the first sample, from the start of the segment
};

// Reads the moof at the start of `bytes` (the whole segment). All samples lie inside the mdat that
// follows. Errors: invalid_input.
Result<Fragment> parse_fragment(ByteView bytes);

struct IndexEntry {
  std::uint64_t start = 0;     // ticks, earliest presentation time
  std::uint32_t duration = 0;  // ticks
  std::uint64_t offset = 0;    // bytes from the start of the file
  std::uint32_t size = 0;
  bool starts_with_key = false;
};

struct SegmentIndex {
  std::uint32_t timescale = 0;
  std::vector<IndexEntry> entries;
};

// A `sidx` box (8.16.3) that stands at `file_offset`. Errors: invalid_input.
Result<SegmentIndex> parse_index(ByteView box, std::uint64_t file_offset);

}  // namespace vf::media
