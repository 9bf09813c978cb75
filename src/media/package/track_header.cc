#include "media/package/track_header.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "media/package/base64.h"
#include "media/package/box_writer.h"
#include "media/package/fragment_writer.h"
#include "media/package/language.h"

namespace vf::media {
namespace {

constexpr std::size_t kMaxIndexEntries = 65'535;
constexpr std::int64_t kIndexFixedBytes = 40;
constexpr std::int64_t kIndexEntryBytes = 12;
// The W3C common PSSH: key ids in the clear (Encrypted Media Extensions, "cenc" initialization data).
constexpr std::string_view kCommonSystemId = "1077efecc0b24d02ace33c1e52e2fb4b";

struct Totals {
  std::int64_t duration = 0;  // of the media, priming included
  std::int64_t priming = 0;
};

void write_matrix(BoxWriter& w) {
  for (const std::uint32_t value : {0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000}) w.u32(value);
}

void write_ftyp(BoxWriter& w) {
  const auto box = w.box("ftyp");
  w.text("iso6");
  w.u32(0);
  w.text("iso6");
  w.text("cmfc");
  w.text("dash");
}

void write_mvhd(BoxWriter& w, const TrackFormat& format) {
  const auto box = w.full_box("mvhd", 0, 0);
  w.zeros(8);  // no clock reaches the file: the same input gives the same bytes
  w.u32(static_cast<std::uint64_t>(format.timescale));
  w.u32(0);  // the duration stands in mehd
  w.u32(0x10000);
  w.u16(0x100);
  w.zeros(10);
  write_matrix(w);
  w.zeros(24);
  w.u32(2);  // next track
}

std::uint32_t fixed_point(std::int64_t samples, Rational scale) {
  const auto value = rescale(samples * 65'536, scale, {1, 1});
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(value, 0, 0xffff0000));
}

void write_tkhd(BoxWriter& w, const TrackFormat& format) {
  const auto box = w.full_box("tkhd", 0, 7);  // enabled, in movie, in preview
  w.zeros(8);
  w.u32(1);  // track_ID
  w.zeros(4);
  w.u32(0);
  w.zeros(8);
  w.zeros(4);  // layer, alternate group
  const bool video = format.kind == TrackKind::video;
  w.u16(video ? 0 : 0x100);  // volume
  w.zeros(2);
  write_matrix(w);
  const auto aspect = format.sample_aspect.valid() ? format.sample_aspect : Rational{1, 1};
  w.u32(video ? fixed_point(format.width, aspect) : 0);
  w.u32(video ? fixed_point(format.height, {1, 1}) : 0);
}

void write_edit_list(BoxWriter& w, std::int64_t media_time) {
  const auto edts = w.box("edts");
  const auto elst = w.full_box("elst", 1, 0);
  w.u32(1);
  w.u64(0);  // to the end of all fragments
  w.u64(static_cast<std::uint64_t>(media_time));
  w.u32(0x10000);
}

void write_media_header(BoxWriter& w, const TrackFormat& format, const HeaderOptions& options) {
  {
    const auto mdhd = w.full_box("mdhd", 0, 0);
    w.zeros(8);
    w.u32(static_cast<std::uint64_t>(format.timescale));
    w.u32(0);
    std::uint32_t packed = 0;
    for (const char c : iso639_2_language(options.language))
      packed = packed << 5 | static_cast<std::uint32_t>(c - 0x60);
    w.u16(packed);
    w.u16(0);
  }
  {
    const auto hdlr = w.full_box("hdlr", 0, 0);
    w.zeros(4);
    w.text(format.kind == TrackKind::video ? "vide" : "soun");
    w.zeros(12);
    const auto end = options.title.find('\0');
    w.text(options.title.empty() ? "VideoForge"
                                 : std::string_view(options.title).substr(0, std::min<std::size_t>(end, 1'000)));
    w.u8(0);
  }
  const auto elng = w.full_box("elng", 0, 0);
  w.text(bcp47_language(options.language));
  w.u8(0);
}

void write_sample_tables(BoxWriter& w, std::string_view entry) {
  const auto stbl = w.box("stbl");
  {
    const auto stsd = w.full_box("stsd", 0, 0);
    w.u32(1);
    w.text(entry);
  }
  for (const char* const type : {"stts", "stsc", "stco"}) {
    const auto empty = w.full_box(type, 0, 0);
    w.u32(0);
  }
  const auto stsz = w.full_box("stsz", 0, 0);
  w.u64(0);
}

void write_media(BoxWriter& w, const TrackFormat& format, std::string_view entry, const HeaderOptions& options) {
  const auto mdia = w.box("mdia");
  write_media_header(w, format, options);
  const auto minf = w.box("minf");
  if (format.kind == TrackKind::video) {
    const auto vmhd = w.full_box("vmhd", 0, 1);
    w.zeros(8);
  } else {
    const auto smhd = w.full_box("smhd", 0, 0);
    w.zeros(4);
  }
  {
    const auto dinf = w.box("dinf");
    const auto dref = w.full_box("dref", 0, 0);
    w.u32(1);
    const auto here = w.full_box("url ", 0, 1);  // the media is in this file
  }
  write_sample_tables(w, entry);
}

void write_mvex(BoxWriter& w, std::int64_t duration) {
  const auto mvex = w.box("mvex");
  {
    const auto mehd = w.full_box("mehd", 1, 0);
    w.u64(static_cast<std::uint64_t>(duration));
  }
  const auto trex = w.full_box("trex", 0, 0);
  w.u32(1);
  w.u32(1);  // the one sample entry
  w.zeros(12);
}

Result<void> write_pssh(BoxWriter& w, const std::string& key_id) {
  const auto id = VF_TRY(hex_decode(key_id));
  if (id.size() != 16) return fail(ErrorCode::invalid_argument, "A key id is 32 hexadecimal digits.");
  const auto box = w.full_box("pssh", 1, 0);
  w.text(VF_TRY(hex_decode(kCommonSystemId)));
  w.u32(1);
  w.text(id);
  w.u32(0);
  return {};
}

Result<void> write_moov(BoxWriter& w, const TrackFormat& format, const Totals& totals, const HeaderOptions& options) {
  const auto entry = VF_TRY(base64_decode(format.sample_entry));
  const auto moov = w.box("moov");
  write_mvhd(w, format);
  {
    const auto trak = w.box("trak");
    write_tkhd(w, format);
    const auto cut = totals.priming + reorder_delay(format);
    if (cut > 0) write_edit_list(w, cut);
    write_media(w, format, entry, options);
  }
  const auto planned = options.planned_segments > 0 ? options.planned_duration : totals.duration;
  write_mvex(w, std::max<std::int64_t>(planned - totals.priming, 0));
  if (!options.key_id.empty()) VF_CHECK(write_pssh(w, options.key_id));
  return {};
}

// ISO/IEC 14496-12 8.16.3: every segment is one subsegment that starts with a key frame (SAP type 1).
// Times are those of the presentation, behind the edit list: the first subsegment is shorter by the priming.
void write_index(BoxWriter& w, const TrackFormat& format, const std::vector<Segment>& segments, std::int64_t priming) {
  const auto sidx = w.full_box("sidx", 1, 0);
  w.u32(1);  // reference_ID: the track
  w.u32(static_cast<std::uint64_t>(format.timescale));
  const auto start = segments.empty() ? 0 : segments.front().start;
  w.u64(static_cast<std::uint64_t>(std::max<std::int64_t>(start - priming, 0)));
  w.u64(0);  // the first fragment follows at once
  w.u16(0);
  w.u16(segments.size());
  std::int64_t hidden = std::max<std::int64_t>(priming - start, 0);
  for (const auto& segment : segments) {
    const auto cut = std::min(hidden, segment.duration);
    hidden -= cut;
    w.u32(static_cast<std::uint64_t>(segment.size));
    w.u32(static_cast<std::uint64_t>(segment.duration - cut));
    w.u32(0x90000000);
  }
}

// All segments in order, offsets counted from the first chunk's first byte.
Result<std::vector<Segment>> join(const TrackFormat& format, std::span<const TrackChunk> chunks) {
  std::vector<Segment> out;
  std::int64_t offset = 0;
  std::optional<std::int64_t> time;
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    const auto wrong = [&](std::string_view why) {
      return fail(ErrorCode::invalid_argument, "The chunks of a track do not join.",
                  fmt::format("chunk {}: {}", i, why));
    };
    if (!(chunks[i].format == format)) return wrong("its format differs");
    if (time && chunks[i].start != *time)
      return wrong(fmt::format("starts at {} instead of {}", chunks[i].start, *time));
    time = chunks[i].start;
    const auto begin = offset;
    for (auto segment : chunks[i].segments) {
      if (segment.start != *time)
        return wrong(fmt::format("a segment starts at {} instead of {}", segment.start, *time));
      if (begin + segment.offset != offset || segment.size <= 0 || segment.duration <= 0)
        return wrong("its segments do not follow each other");
      segment.offset = offset;
      offset += segment.size;
      *time += segment.duration;
      out.push_back(segment);
    }
  }
  return out;
}

}  // namespace

Result<TrackHeader> build_header(const TrackFormat& format, std::span<const TrackChunk> chunks,
                                 const HeaderOptions& options) {
  TrackHeader out;
  auto& layout = out.layout;
  layout.segments = VF_TRY(join(format, chunks));
  const auto planned = static_cast<std::size_t>(std::max(options.planned_segments, 0));
  if (std::max(planned, layout.segments.size()) > kMaxIndexEntries) {
    return fail(ErrorCode::limit_exceeded, "A track has at most 65,535 segments: choose longer ones.");
  }
  if (format.timescale <= 0) return fail(ErrorCode::invalid_argument, "A track needs a timescale.");

  Totals totals;
  if (!chunks.empty()) {
    totals.priming = chunks.front().priming;
    totals.duration = chunks.back().start + chunks.back().duration - chunks.front().start;
  }
  layout.priming = totals.priming;
  BoxWriter w(out.bytes);
  write_ftyp(w);
  VF_CHECK(write_moov(w, format, totals, options));
  layout.init_size = static_cast<std::int64_t>(out.bytes.size());
  if (options.index && planned > 0) {
    const auto reserved = w.box("free");
    w.zeros(static_cast<std::size_t>(kIndexFixedBytes + kIndexEntryBytes * static_cast<std::int64_t>(planned)) - 8);
  } else if (options.index) {
    layout.index_offset = layout.init_size;
    write_index(w, format, layout.segments, totals.priming);
    layout.index_size = static_cast<std::int64_t>(out.bytes.size()) - layout.init_size;
  }
  layout.size = static_cast<std::int64_t>(out.bytes.size());
  for (auto& segment : layout.segments) {
    segment.offset += static_cast<std::int64_t>(out.bytes.size());
    layout.size = segment.offset + segment.size;
  }
  return out;
}

}  // namespace vf::media
