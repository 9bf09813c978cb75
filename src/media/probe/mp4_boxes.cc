#include "media/probe/mp4_boxes.h"

#include <algorithm>
#include <array>
#include <limits>
#include <string_view>

#include "base/fd.h"

namespace vf::media {
namespace {

constexpr int kMaxBoxes = 200'000;  // headers looked at, in all
constexpr std::size_t kMaxTracks = 1'000;
constexpr std::uint32_t kMaxEdits = 256;
constexpr std::array<std::string_view, 12> kFirstBoxes{"ftyp", "moov", "mdat", "free", "skip", "wide",
                                                       "pnot", "moof", "styp", "sidx", "uuid", "junk"};

struct Box {
  std::string type;
  std::int64_t body = 0;  // offset of the first byte behind the header
  std::int64_t end = 0;   // offset behind the box, as it claims
};

class Walker {
 public:
  Walker(int fd, std::int64_t size) : fd_(fd), size_(size) {}

  std::int64_t size() const { return size_; }

  // The box at `offset`; nothing at the end of `limit`, behind the cap or where no box can stand.
  Result<std::optional<Box>> box(std::int64_t offset, std::int64_t limit) {
    if (offset > limit - 8 || offset > size_ - 8 || ++seen_ > kMaxBoxes) return std::nullopt;
    std::array<std::uint8_t, 16> head{};
    const auto got = VF_TRY(read_at(fd_, head, offset));
    if (got < 8) return std::nullopt;
    const std::uint64_t small = big_endian(head.data(), 4);
    Box box{std::string(reinterpret_cast<const char*>(head.data()) + 4, 4), offset + 8, 0};
    std::uint64_t length = small;
    if (small == 1) {
      if (got < 16) return std::nullopt;
      length = big_endian(head.data() + 8, 8);
      box.body = offset + 16;
    }
    if (small == 0)
      box.end = limit;
    else if (length < static_cast<std::uint64_t>(box.body - offset))
      return std::nullopt;
    else
      box.end = length > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max() - offset)
                    ? std::numeric_limits<std::int64_t>::max()
                    : offset + static_cast<std::int64_t>(length);
    return box;
  }

  // Up to N bytes at `offset`, zeros behind the end of the file.
  template <std::size_t N>
  Result<std::array<std::uint8_t, N>> bytes(std::int64_t offset) {
    std::array<std::uint8_t, N> out{};
    VF_TRY(read_at(fd_, out, std::min(offset, size_)));
    return out;
  }

  // Calls visit(Box) for each child between `begin` and `end`.
  template <typename Visit>
  Result<void> children(std::int64_t begin, std::int64_t end, Visit&& visit) {
    for (auto offset = begin;;) {
      const auto child = VF_TRY(box(offset, end));
      if (!child) return {};
      VF_CHECK(visit(*child));
      if (child->end <= offset) return {};
      offset = child->end;
    }
  }

  static std::uint64_t big_endian(const std::uint8_t* bytes, int count) {
    std::uint64_t value = 0;
    for (int i = 0; i < count; ++i) value = value << 8 | bytes[i];
    return value;
  }

 private:
  int fd_;
  std::int64_t size_;
  int seen_ = 0;
};

// `mvhd` and `mdhd`: ticks per second.
Result<std::uint32_t> timescale(Walker& walker, const Box& box) {
  const auto body = VF_TRY(walker.bytes<24>(box.body));
  return static_cast<std::uint32_t>(Walker::big_endian(body.data() + (body[0] == 1 ? 20 : 12), 4));
}

struct RawEdit {
  std::uint64_t duration;   // of the movie's timescale
  std::int64_t media_time;  // of the media's timescale
};

// `elst` (8.6.6).
Result<std::vector<RawEdit>> read_edits(Walker& walker, const Box& box) {
  const auto head = VF_TRY(walker.bytes<8>(box.body));
  const bool wide = head[0] == 1;
  const std::int64_t row = wide ? 20 : 12;
  const auto fits = std::max<std::int64_t>(0, std::min(box.end, walker.size()) - box.body - 8) / row;
  const auto count =
      std::min<std::int64_t>({static_cast<std::int64_t>(Walker::big_endian(head.data() + 4, 4)), fits, kMaxEdits});
  std::vector<RawEdit> out;
  for (std::int64_t i = 0; i < count; ++i) {
    const auto bytes = VF_TRY(walker.bytes<16>(box.body + 8 + i * row));
    const auto* p = bytes.data();
    if (wide)
      out.push_back({Walker::big_endian(p, 8), static_cast<std::int64_t>(Walker::big_endian(p + 8, 8))});
    else
      out.push_back({Walker::big_endian(p, 4), static_cast<std::int32_t>(Walker::big_endian(p + 4, 4))});
  }
  return out;
}

// The scheme of `encv` or `enca`: sinf/schm behind the fields of the sample entry (8.12). The fields
// differ by handler, so `sinf` is looked for among the boxes behind the two usual sizes.
Result<std::string> protection_scheme(Walker& walker, const Box& entry) {
  std::string scheme = "unknown";
  for (const std::int64_t fields : {78, 28}) {
    VF_CHECK(walker.children(entry.body + fields, entry.end, [&](const Box& child) -> Result<void> {
      if (child.type != "sinf") return {};
      return walker.children(child.body, child.end, [&](const Box& inner) -> Result<void> {
        if (inner.type != "schm") return {};
        const auto body = VF_TRY(walker.bytes<8>(inner.body));
        scheme.assign(reinterpret_cast<const char*>(body.data()) + 4, 4);
        return {};
      });
    }));
    if (scheme != "unknown") break;
  }
  return scheme;
}

Result<void> read_sample_entry(Walker& walker, const Box& stsd, Mp4Track& track) {
  const auto entry = VF_TRY(walker.box(stsd.body + 8, stsd.end));
  if (!entry) return {};
  track.sample_entry = entry->type;
  if (entry->type == "encv" || entry->type == "enca" || entry->type == "drmi" || entry->type == "drms")
    track.protection = VF_TRY(protection_scheme(walker, *entry));
  return {};
}

Result<void> read_track(Walker& walker, const Box& trak, std::uint32_t movie_scale, Mp4Track& track) {
  std::vector<RawEdit> raw;
  std::uint32_t media_scale = 0;
  const auto visit = [&](auto&& self, const Box& box) -> Result<void> {
    const auto& t = box.type;
    if (t == "edts" || t == "mdia" || t == "minf" || t == "stbl")
      return walker.children(box.body, box.end, [&](const Box& child) { return self(self, child); });
    if (t == "tkhd") {
      const auto body = VF_TRY(walker.bytes<24>(box.body));
      track.id = static_cast<std::uint32_t>(Walker::big_endian(body.data() + (body[0] == 1 ? 20 : 12), 4));
    } else if (t == "elst") {
      raw = VF_TRY(read_edits(walker, box));
    } else if (t == "mdhd") {
      media_scale = VF_TRY(timescale(walker, box));
    } else if (t == "hdlr" && track.handler.empty()) {
      const auto body = VF_TRY(walker.bytes<12>(box.body));
      track.handler.assign(reinterpret_cast<const char*>(body.data()) + 8, 4);
    } else if (t == "stsd") {
      return read_sample_entry(walker, box, track);
    }
    return {};
  };
  VF_CHECK(walker.children(trak.body, trak.end, [&](const Box& child) { return visit(visit, child); }));
  if (movie_scale == 0 || media_scale == 0) return {};
  for (const auto& edit : raw)
    track.edits.push_back({edit.media_time < 0 ? -1.0 : static_cast<double>(edit.media_time) / media_scale,
                           static_cast<double>(edit.duration) / movie_scale});
  return {};
}

Result<void> read_moov(Walker& walker, const Box& moov, Mp4Boxes& out) {
  std::uint32_t movie_scale = 0;
  return walker.children(moov.body, moov.end, [&](const Box& box) -> Result<void> {
    if (box.type == "mvhd") movie_scale = VF_TRY(timescale(walker, box));
    if (box.type == "mvex") out.fragmented = true;
    if (box.type == "rmra") out.refers_elsewhere = true;
    if (box.type != "trak" || out.tracks.size() >= kMaxTracks) return {};
    Mp4Track track;
    VF_CHECK(read_track(walker, box, movie_scale, track));
    out.tracks.push_back(std::move(track));
    return {};
  });
}

}  // namespace

Result<std::optional<Mp4Boxes>> read_mp4_boxes(int fd) {
  Walker walker(fd, VF_TRY(file_size(fd)));
  const auto first = VF_TRY(walker.box(0, walker.size()));
  if (!first || std::ranges::find(kFirstBoxes, first->type) == kFirstBoxes.end()) return std::nullopt;
  Mp4Boxes out;
  VF_CHECK(walker.children(0, walker.size(), [&](const Box& box) -> Result<void> {
    out.missing_bytes = std::max<std::int64_t>(0, box.end - walker.size());
    if (box.type == "ftyp" && out.brand.empty()) {
      const auto body = VF_TRY(walker.bytes<4>(box.body));
      out.brand.assign(reinterpret_cast<const char*>(body.data()), 4);
    } else if (box.type == "moof") {
      out.fragmented = true;
    } else if (box.type == "mdat") {
      out.has_mdat = true;
    } else if (box.type == "moov" && !out.has_moov) {
      out.has_moov = true;
      out.moov_first = !out.has_mdat;
      out.moov_cut = box.end > walker.size();
      return read_moov(walker, box, out);
    }
    return {};
  }));
  return out;
}

}  // namespace vf::media
