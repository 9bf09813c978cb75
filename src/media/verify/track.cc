#include "media/verify/track.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "base/fd.h"
#include "media/av/input.h"
#include "media/av/ptr.h"
#include "media/package/parse.h"

namespace vf::media::verify {
namespace {

constexpr std::int64_t kMaxIndexBytes = 4 << 20;
constexpr std::int64_t kMaxSeconds = 86400;  // the longest film that is read; a wild time asks for no more memory

// Several descriptors as one file.
class Parts {
 public:
  static Result<Parts> open(const std::vector<int>& fds) {
    Parts out;
    for (const int fd : fds) {
      const auto size = VF_TRY(file_size(fd));
      out.parts_.push_back({fd, out.size_, size});
      out.size_ += size;
    }
    return out;
  }
  std::int64_t size() const { return size_; }
  Result<std::vector<std::uint8_t>> read(std::int64_t offset, std::int64_t length) const {
    std::vector<std::uint8_t> out(static_cast<std::size_t>(std::max<std::int64_t>(0, length)));
    std::size_t done = 0;
    for (const auto& p : parts_) {
      const auto at = offset + static_cast<std::int64_t>(done);
      if (at < p.begin || at >= p.begin + p.size || done == out.size()) continue;
      const auto wanted = std::min<std::size_t>(out.size() - done, static_cast<std::size_t>(p.begin + p.size - at));
      const auto got = VF_TRY(read_at(p.fd, std::span(out).subspan(done, wanted), at - p.begin));
      done += got;
      if (got < wanted) break;
    }
    out.resize(done);
    return out;
  }

 private:
  struct Part {
    int fd;
    std::int64_t begin;
    std::int64_t size;
  };
  std::vector<Part> parts_;
  std::int64_t size_ = 0;
};

struct TopBox {
  std::uint32_t type = 0;
  std::int64_t size = 0;
};

Result<std::optional<TopBox>> top_box(const Parts& file, std::int64_t offset) {
  const auto bytes = VF_TRY(file.read(offset, 16));
  if (bytes.size() < 8) return std::nullopt;
  ByteReader reader(bytes);
  const auto small = reader.u32();
  const auto type = reader.u32();
  const auto size = small == 1 ? static_cast<std::int64_t>(reader.u64()) : static_cast<std::int64_t>(small);
  if (!reader.ok() || size < 8 || size > file.size() - offset) return std::nullopt;
  return TopBox{type, size};
}

// Finds `sidx` before the first fragment and holds it against the segments and the bytes it points at.
Result<void> check_index(const Parts& file, std::span<const TrackChunk> chunks, TrackProof& proof) {
  std::optional<SegmentIndex> index;
  std::int64_t at = 0;
  for (int boxes = 0; boxes < 64; ++boxes) {
    const auto box = VF_TRY(top_box(file, at));
    if (!box || box->type == fourcc("moof")) break;
    if (box->type == fourcc("sidx") && box->size <= kMaxIndexBytes) {
      const auto bytes = VF_TRY(file.read(at, box->size));
      if (auto parsed = parse_index(bytes, static_cast<std::uint64_t>(at))) index = std::move(*parsed);
    }
    at += box->size;
  }
  if (!index) {
    proof.failures.push_back("The track has no readable index.");
    return {};
  }
  std::vector<const Segment*> segments;
  for (const auto& chunk : chunks)
    for (const auto& segment : chunk.segments) segments.push_back(&segment);
  if (index->entries.size() != segments.size()) {
    proof.failures.push_back(
        fmt::format("The index names {} segments and the track has {}.", index->entries.size(), segments.size()));
    return {};
  }
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const auto& entry = index->entries[i];
    const auto box = VF_TRY(top_box(file, static_cast<std::int64_t>(entry.offset)));
    // The index counts in presentation time: what an edit list cuts from the start is not part of it.
    const auto start = std::max<std::int64_t>(0, segments[i]->start - chunks.front().priming);
    if (!box || box->type != fourcc("moof") || entry.size != static_cast<std::uint64_t>(segments[i]->size) ||
        entry.start != static_cast<std::uint64_t>(start)) {
      proof.failures.push_back(fmt::format("The index is wrong about segment {}.", i));
      return {};
    }
  }
  const auto& last = index->entries.back();
  if (!index->entries.empty() && static_cast<std::int64_t>(last.offset + last.size) != file.size())
    proof.failures.push_back("The file does not end with its last segment.");
  return {};
}

// Reads every packet and notes what a player would stumble over.
class PacketWalk {
 public:
  // libav does not tell how long a packet of a fragment lasts, so time is held where chunks begin: the
  // packet that is the first of a chunk must be decoded exactly as long after the first as it should.
  PacketWalk(Rational time_base, std::span<const TrackChunk> chunks) : time_base_(time_base) {
    std::int64_t frame = 0;
    for (const auto& chunk : chunks) {
      starts_[frame] = chunk.start - chunks.front().start;
      frame += chunk.frames;
    }
  }

  void add(const AVPacket& packet) {
    const auto start = starts_.find(frames++);
    bytes += packet.size;
    if (packet.dts == AV_NOPTS_VALUE || packet.pts == AV_NOPTS_VALUE)
      return trouble("has packets without a time", packet);
    if (frames > 1 && packet.dts <= last_dts_) trouble("has decode times that do not increase", packet);
    if (frames == 1) first_dts_ = packet.dts;
    if (start != starts_.end() && packet.dts - first_dts_ != start->second)
      trouble("has a gap or an overlap between chunks", packet);
    if (frames > 1) last_duration_ = packet.dts - last_dts_;
    if (packet.duration > 0) last_duration_ = packet.duration;
    last_dts_ = packet.dts;
    first_pts = std::min(first_pts, packet.pts);
    seconds_[static_cast<std::int64_t>(static_cast<double>(packet.pts) * time_base_.value())] += packet.size;
  }

  std::int64_t peak() const {
    std::int64_t out = 0;
    for (const auto& [second, size] : seconds_) out = std::max(out, size * 8);
    return out;
  }

  // By second from zero. What is shown before zero (priming) counts for the first.
  std::vector<std::int64_t> second_bytes() const {
    std::vector<std::int64_t> out;
    for (const auto& [second, size] : seconds_) {
      const auto at = static_cast<std::size_t>(std::clamp<std::int64_t>(second, 0, kMaxSeconds - 1));
      if (out.size() <= at) out.resize(at + 1);
      out[at] += size;
    }
    return out;
  }

  // From the first decode time to the end of the last packet, which is taken to be as long as the one
  // before it.
  std::int64_t duration() const { return last_dts_ - first_dts_ + last_duration_; }
  std::int64_t last_duration() const { return last_duration_; }

  std::int64_t frames = 0;
  std::int64_t bytes = 0;
  std::int64_t first_pts = INT64_MAX;
  std::map<std::string, std::int64_t> troubles = {};  // what, and at which tick first

 private:
  void trouble(const char* what, const AVPacket& packet) {
    troubles.try_emplace(what, packet.dts == AV_NOPTS_VALUE ? 0 : packet.dts);
  }

  Rational time_base_;
  std::map<std::int64_t, std::int64_t> starts_ = {};  // ticks after the first packet, by number of the packet
  std::int64_t first_dts_ = 0;
  std::int64_t last_dts_ = 0;
  std::int64_t last_duration_ = 0;
  std::map<std::int64_t, std::int64_t> seconds_ = {};
};

void check_packets(const PacketWalk& walk, std::span<const TrackChunk> chunks, Rational clock, TrackProof& proof) {
  std::int64_t frames = 0;
  std::int64_t duration = 0;
  for (const auto& chunk : chunks) frames += chunk.frames, duration += chunk.duration;
  const auto priming = chunks.empty() ? 0 : chunks.front().priming;
  proof.frames = walk.frames;
  for (const auto& [what, tick] : walk.troubles)
    proof.failures.push_back(
        fmt::format("The track {}, first at {:.3f} s.", what, static_cast<double>(tick) * clock.value()));
  if (walk.frames != frames)
    proof.failures.push_back(fmt::format("The track should hold {} packets and holds {}.", frames, walk.frames));
  if (walk.frames == 0) return;
  proof.start_seconds = static_cast<double>(walk.first_pts) * clock.value();
  proof.duration_seconds = static_cast<double>(duration - priming) * clock.value();
  // The last packet's own length is the one thing not seen: a whole packet may be off, not more. A
  // single packet, or a pause at the very end, tells nothing.
  const auto last = duration - (walk.duration() - walk.last_duration());
  if (walk.frames > 1 && last <= 0)
    proof.failures.push_back(fmt::format("The packets last longer than the {:.3f} s they should.",
                                         static_cast<double>(duration) * clock.value()));
  const double seconds = std::max(static_cast<double>(duration) * clock.value(), 1e-3);
  proof.mean_bit_rate = static_cast<std::int64_t>(static_cast<double>(walk.bytes) * 8 / seconds);
  proof.peak_bit_rate = std::max(walk.peak(), seconds < 1 ? walk.bytes * 8 : 0);
  proof.second_bytes = walk.second_bytes();
}

}  // namespace

Result<TrackProof> verify_track(const std::vector<int>& fds, std::span<const TrackChunk> chunks) {
  TrackProof proof;
  const auto file = VF_TRY(Parts::open(fds));
  proof.bytes = file.size();
  for (const auto& chunk : chunks) proof.segments += static_cast<int>(chunk.segments.size());
  VF_CHECK(check_index(file, chunks, proof));

  av::InputOptions options;
  options.parts = fds;
  options.find_stream_info = false;
  auto input = av::Input::open(-1, options);
  if (!input || !input->stream(0)) {
    proof.failures.push_back(
        fmt::format("The track cannot be read: {}", input ? "it holds no stream." : input.error().message));
    return proof;
  }
  const auto* stream = input->stream(0);
  const Rational clock{stream->time_base.num, stream->time_base.den};
  PacketWalk walk(clock, chunks);
  auto packet = av::make_packet();
  if (!packet) return fail(ErrorCode::no_memory, "There is not enough memory to verify the track.");
  while (VF_TRY(input->read(packet.get()))) {
    if (packet->stream_index == 0) walk.add(*packet);
    av_packet_unref(packet.get());
  }
  check_packets(walk, chunks, clock, proof);
  if (input->damaged() > 0)
    proof.failures.push_back(fmt::format("{} places of the track cannot be read.", input->damaged()));
  return proof;
}

}  // namespace vf::media::verify
