#include "media/package/fragment_writer.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "base/fd.h"
#include "media/package/box_writer.h"

namespace vf::media {
namespace {

// Sample flags of ISO/IEC 14496-12 8.8.3.1.
constexpr std::uint32_t kSyncFlags = 0x02000000;       // depends on no other
constexpr std::uint32_t kDependentFlags = 0x01010000;  // depends on others, no sync sample

constexpr std::uint32_t kDefaultBaseIsMoof = 0x020000;
constexpr std::uint32_t kDefaultDuration = 0x000008;
constexpr std::uint32_t kDefaultSize = 0x000010;
constexpr std::uint32_t kDefaultFlags = 0x000020;

constexpr std::uint32_t kDataOffset = 0x000001;
constexpr std::uint32_t kFirstSampleFlags = 0x000004;
constexpr std::uint32_t kSampleDuration = 0x000100;
constexpr std::uint32_t kSampleSize = 0x000200;
constexpr std::uint32_t kSampleFlags = 0x000400;
constexpr std::uint32_t kSampleOffset = 0x000800;

// The 32-bit box size of mdat, with room for what encryption pads.
constexpr std::size_t kMaxSegmentBytes = 0x7fff0000;

std::uint32_t flags_of(bool key) { return key ? kSyncFlags : kDependentFlags; }

// A sample as trun says it.
struct Row {
  std::uint32_t duration;
  std::uint32_t size;
  std::uint32_t flags;
  std::int32_t offset;  // presentation minus decode time
};

template <typename Get>
bool same(const std::vector<Row>& rows, std::size_t from, Get get) {
  return std::all_of(rows.begin() + static_cast<std::ptrdiff_t>(std::min(from, rows.size())), rows.end(),
                     [&](const Row& row) { return get(row) == get(rows[from]); });
}

// tfhd carries what all samples share, trun what varies; so a moof of constant audio is a few bytes a sample.
std::string write_moof(const std::vector<Row>& rows, std::uint32_t sequence_number, std::int64_t decode_time) {
  const bool vary_duration = !same(rows, 0, [](const Row& r) { return r.duration; });
  const bool vary_size = !same(rows, 0, [](const Row& r) { return r.size; });
  const bool vary_flags = rows.size() > 2 && !same(rows, 1, [](const Row& r) { return r.flags; });
  const bool first_flags = !vary_flags && rows.size() > 1 && rows[0].flags != rows[1].flags;
  const bool offsets = std::any_of(rows.begin(), rows.end(), [](const Row& r) { return r.offset != 0; });

  std::string out;
  BoxWriter w(out);
  std::size_t data_offset_at = 0;
  {
    const auto moof = w.box("moof");
    {
      const auto mfhd = w.full_box("mfhd", 0, 0);
      w.u32(sequence_number);
    }
    const auto traf = w.box("traf");
    {
      const std::uint32_t flags =
          kDefaultBaseIsMoof | kDefaultFlags | (vary_duration ? 0 : kDefaultDuration) | (vary_size ? 0 : kDefaultSize);
      const auto tfhd = w.full_box("tfhd", 0, flags);
      w.u32(1);  // track_ID
      if (!vary_duration) w.u32(rows[0].duration);
      if (!vary_size) w.u32(rows[0].size);
      w.u32(rows.size() > 1 ? rows[1].flags : rows[0].flags);
    }
    {
      const auto tfdt = w.full_box("tfdt", 1, 0);
      w.u64(static_cast<std::uint64_t>(decode_time));
    }
    const std::uint32_t flags = kDataOffset | (first_flags ? kFirstSampleFlags : 0) |
                                (vary_duration ? kSampleDuration : 0) | (vary_size ? kSampleSize : 0) |
                                (vary_flags ? kSampleFlags : 0) | (offsets ? kSampleOffset : 0);
    const auto trun = w.full_box("trun", 1, flags);
    w.u32(rows.size());
    data_offset_at = w.size();
    w.u32(0);
    if (first_flags) w.u32(rows[0].flags);
    for (const auto& row : rows) {
      if (vary_duration) w.u32(row.duration);
      if (vary_size) w.u32(row.size);
      if (vary_flags) w.u32(row.flags);
      if (offsets) w.u32(static_cast<std::uint32_t>(row.offset));
    }
  }
  w.patch_u32(data_offset_at, static_cast<std::uint32_t>(out.size() + 8));  // behind mdat's header
  return out;
}

}  // namespace

std::int64_t reorder_delay(const TrackFormat& format) {
  if (format.codec != "h264" && format.codec != "hevc") return 0;
  const Rational ticks{1, format.timescale};
  const std::int64_t frames = format.frame_rate.valid()
                                  ? rescale(2, {format.frame_rate.den, format.frame_rate.num}, ticks)
                                  : format.timescale / 12;
  // At least the 16 pictures a decoder may hold, so that early decoding always finds a tick.
  return std::max<std::int64_t>(std::min<std::int64_t>(frames, format.timescale / 4), 16);
}

Result<FragmentWriter> FragmentWriter::create(int fd, TrackFormat format, int first_sequence_number) {
  if (format.timescale <= 0) return fail(ErrorCode::invalid_argument, "A track needs a timescale.");
  if (first_sequence_number < 1) return fail(ErrorCode::invalid_argument, "Segments are numbered from 1.");
  return FragmentWriter(fd, std::move(format), first_sequence_number);
}

FragmentWriter::FragmentWriter(int fd, TrackFormat format, int first_sequence_number)
    : fd_(fd), sequence_number_(static_cast<std::uint32_t>(first_sequence_number)) {
  chunk_.format = std::move(format);
}

Result<void> FragmentWriter::check(const Sample& sample) const {
  const auto wrong = [&](std::string_view why) {
    return fail(ErrorCode::internal, "The encoder's output does not fit into segments.",
                fmt::format("sample at {}: {}", sample.pts, why));
  };
  if (sample.pts < 0) return wrong("negative presentation time");
  if (sample.duration <= 0) return wrong("no duration");
  if (sample.data.empty()) return wrong("no data");
  const bool first = entries_.empty() || segment_ended_;
  if (first && !sample.key) return wrong("the first of a segment is no key sample");
  if (!first && sample.pts <= entries_.front().pts) return wrong("not shown after the segment's first: open GOP");
  if (!first && media_.size() + sample.data.size() > kMaxSegmentBytes) {
    return fail(ErrorCode::limit_exceeded, "A segment would exceed 2 GB.");
  }
  return {};
}

Result<void> FragmentWriter::add(const Sample& sample) {
  VF_CHECK(check(sample));
  if (segment_ended_) {
    VF_CHECK(write_segment(sample.pts));
    segment_ended_ = false;
  }
  entries_.push_back({sample.pts, sample.duration, static_cast<std::uint32_t>(sample.data.size()), sample.key});
  media_.insert(media_.end(), sample.data.begin(), sample.data.end());
  return {};
}

Result<void> FragmentWriter::end_segment() {
  // Kept until the next sample: its time ends the last sample of this segment.
  segment_ended_ = !entries_.empty();
  return {};
}

Result<TrackChunk> FragmentWriter::finish() {
  if (!entries_.empty()) VF_CHECK(write_segment(std::nullopt));
  if (chunk_.segments.empty()) return fail(ErrorCode::internal, "A chunk came out empty.");
  chunk_.start = chunk_.segments.front().start;
  chunk_.duration = chunk_.segments.back().start + chunk_.segments.back().duration - chunk_.start;
  return std::move(chunk_);
}

Result<void> FragmentWriter::write_segment(std::optional<std::int64_t> next_start) {
  // Decode times: the presentation times in ascending order. The end of the last one closes the list.
  std::vector<std::int64_t> times(entries_.size());
  std::ranges::transform(entries_, times.begin(), &Entry::pts);
  std::ranges::sort(times);
  const auto last = std::ranges::max_element(entries_, {}, &Entry::pts);
  times.push_back(next_start.value_or(last->pts + last->duration));
  if (std::ranges::adjacent_find(times, std::greater_equal<>{}) != times.end()) {
    return fail(
        ErrorCode::internal, "The encoder's output does not fit into segments.",
        fmt::format("segment {}: two samples at one time, or shown after the next segment's first", sequence_number_));
  }

  const auto decode = decode_times(times);
  const auto delay = reorder_delay(chunk_.format);
  std::vector<Row> rows;
  rows.reserve(entries_.size());
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const auto duration = decode[i + 1] - decode[i];
    const auto offset = entries_[i].pts + delay - decode[i];
    if (duration > std::numeric_limits<std::int32_t>::max() || !std::in_range<std::int32_t>(offset)) {
      return fail(ErrorCode::limit_exceeded, "A pause between two pictures is longer than the format can say.");
    }
    rows.push_back({static_cast<std::uint32_t>(duration), entries_[i].size, flags_of(entries_[i].key),
                    static_cast<std::int32_t>(offset)});
  }

  auto head = write_moof(rows, sequence_number_, times.front());
  const auto moof_size = head.size();
  BoxWriter w(head);
  w.u32(8 + media_.size());
  w.text("mdat");
  VF_CHECK(write_all(fd_, std::string_view(head)));
  VF_CHECK(write_all(fd_, std::span<const std::uint8_t>(media_)));

  Segment segment;
  segment.offset = offset_;
  segment.size = static_cast<std::int64_t>(moof_size + 8 + media_.size());
  segment.start = times.front();
  segment.duration = times.back() - times.front();
  segment.media_bytes = static_cast<std::int64_t>(media_.size());
  segment.frames = static_cast<int>(entries_.size());
  offset_ += segment.size;
  chunk_.frames += segment.frames;
  chunk_.segments.push_back(segment);
  count_seconds(chunk_.segments.front().start);
  ++sequence_number_;
  entries_.clear();
  media_.clear();
  return {};
}

// `times`: the presentation times in ascending order and the segment's end. Decode times are these, or
// earlier where a sample would otherwise be decoded after it is shown. Both bounds grow strictly, so
// their minimum does.
std::vector<std::int64_t> FragmentWriter::decode_times(const std::vector<std::int64_t>& times) const {
  auto out = times;
  auto limit = std::numeric_limits<std::int64_t>::max();
  const auto delay = reorder_delay(chunk_.format);
  for (std::size_t i = entries_.size(); i-- > 0;) {
    limit = std::min(entries_[i].pts + delay, limit - 1);
    out[i] = std::min(out[i], limit);
  }
  return out;
}

// A gap of years in the time stamps must not become a vector of years.
void FragmentWriter::count_seconds(std::int64_t chunk_start) {
  constexpr std::int64_t kMaxSeconds = 1'000'000;
  for (const auto& entry : entries_) {
    const auto second = std::min((entry.pts - chunk_start) / chunk_.format.timescale, kMaxSeconds);
    if (second >= std::ssize(chunk_.second_bytes)) chunk_.second_bytes.resize(static_cast<std::size_t>(second) + 1);
    chunk_.second_bytes[static_cast<std::size_t>(second)] += entry.size;
  }
}

}  // namespace vf::media
