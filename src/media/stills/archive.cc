#include "media/stills/archive.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/fd.h"
#include "media/zip/zip.h"

namespace vf::media::stills {
namespace {

// A file whose every second frame is lost needs no thousand sentences.
constexpr std::size_t kMaxSpans = 50;

// Frames that follow one another in the list of the wanted ones, for one sentence.
struct Span {
  std::int64_t first = 0;  // ticks
  std::int64_t last = 0;
  std::int64_t count = 0;
};

class Spans {
 public:
  void add(std::int64_t ticks, bool follows) {
    if (spans_.empty() || !follows) spans_.push_back({ticks, ticks, 0});
    spans_.back().last = ticks;
    ++spans_.back().count;
    ++total_;
  }
  std::int64_t total() const { return total_; }

  void tell(const Naming& naming, const char* code, const char* what, std::vector<Warning>& out) const {
    for (std::size_t i = 0; i < spans_.size() && i < kMaxSpans; ++i) {
      const auto& s = spans_[i];
      const auto from = naming.seconds(s.first);
      out.push_back({code, s.count == 1 ? fmt::format("The frame at {:.3f} s {}.", from, what)
                                        : fmt::format("{} frames from {:.3f} s to {:.3f} s each {}.", s.count, from,
                                                      naming.seconds(s.last), what)});
    }
    if (spans_.size() > kMaxSpans)
      out.push_back({code, fmt::format("{} more places like these follow; frames.json lists every frame there is.",
                                       spans_.size() - kMaxSpans)});
  }

 private:
  std::vector<Span> spans_;
  std::int64_t total_ = 0;
};

// Goes over all pieces once and keeps what the end needs.
struct Collector {
  const Naming& naming;
  zip::Directory directory = {};
  std::string list = {};  // the lines of frames.json
  Spans lost = {};
  Spans damaged = {};
  std::int64_t frames = 0;

  Result<void> add(const Extracted& piece) {
    auto next_lost = piece.lost.begin();
    bool after_lost = false;
    bool after_damaged = false;
    const auto lose_before = [&](std::int64_t ticks) {
      for (; next_lost != piece.lost.end() && *next_lost < ticks; ++next_lost) {
        lost.add(*next_lost, after_lost);
        after_lost = true;
      }
    };
    for (const auto& f : VF_TRY(frames_of(piece))) {
      lose_before(f.ticks);
      after_lost = false;
      if (f.damaged) damaged.add(f.ticks, after_damaged);
      after_damaged = f.damaged;
      add_frame(f);
    }
    lose_before(INT64_MAX);
    return {};
  }

  void add_frame(const ExtractedFrame& f) {
    const auto name = naming.name(f.index, f.ticks);
    directory.add({name, f.size, f.crc});
    list +=
        fmt::format("{}\n  {{\"index\": {}, \"pts\": {}, \"seconds\": {:.6f}, \"keyframe\": {}, {}\"name\": \"{}\"}}",
                    frames == 0 ? "" : ",", f.index, f.ticks, naming.seconds(f.ticks), f.key,
                    f.damaged ? "\"damaged\": true, " : "", name);
    ++frames;
  }
};

}  // namespace

Result<Archive> write_archive_end(const ArchiveSpec& spec, std::span<const Extracted> pieces, int list_fd,
                                  int directory_fd) {
  Collector all{spec.naming};
  for (const auto& piece : pieces) VF_CHECK(all.add(piece));
  if (all.frames == 0)
    return fail(ErrorCode::invalid_input, "Not one of the wanted frames could be decoded; the file is damaged.");

  Archive archive{all.frames, all.lost.total(), all.damaged.total(), 0, 0, spec.warnings};
  all.lost.tell(spec.naming, "lost-frames", "could not be decoded and is missing", archive.warnings);
  all.damaged.tell(spec.naming, "damaged-frames", "is damaged in the source; what could be shown is", archive.warnings);

  if (!spec.head.is_object()) return fail(ErrorCode::internal, "The head of the list of frames is no object.");
  auto head = spec.head.get_object();
  head["time_base"] = to_json(spec.naming.time_base);
  head["start_pts"] = spec.naming.origin_ticks;
  head["warnings"] = to_json(archive.warnings);
  auto text = dump(head);
  text.pop_back();  // the list follows inside the same object
  text += ",\"frames\":[" + std::move(all.list) + "\n]}\n";

  const std::span bytes(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
  const zip::Member member{kFrameListName, static_cast<std::int64_t>(text.size()), zip::crc32(bytes)};
  const auto header = zip::local_header(member);
  VF_CHECK(write_all(list_fd, header));
  VF_CHECK(write_all(list_fd, text));
  all.directory.add(member);
  archive.bytes = all.directory.size();
  archive.list_offset = static_cast<std::int64_t>(header.size());
  const auto directory = std::move(all.directory).finish();
  archive.bytes += static_cast<std::int64_t>(directory.size());
  VF_CHECK(write_all(directory_fd, directory));
  return archive;
}

}  // namespace vf::media::stills
