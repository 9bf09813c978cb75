#include "media/cut/cut_points.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "media/cut/nal_units.h"
#include "media/decode/packet_source.h"

namespace vf::media::cut {
namespace {

// No codec decodes a picture more than this many pictures before it is shown (H.264: 16).
constexpr int kLookPast = 40;
constexpr std::size_t kMaxLooked = 20'000;

struct Look {
  std::int64_t pts = 0;
  bool key = false;
};

class Looker {
 public:
  Looker(PacketSource& source, const CutSpec& spec) : source_(source), spec_(spec), packet_(av::make_packet()) {}

  Result<CutPoints> run();

 private:
  Result<bool> find_start();
  Result<void> find_end();
  Result<std::vector<Look>> look_around_end();
  bool fits(const AVPacket& packet) const;
  void note_start(const AVPacket& packet);

  PacketSource& source_;
  const CutSpec& spec_;
  av::PacketPtr packet_;
  CutPoints out_;
};

bool Looker::fits(const AVPacket& packet) const {
  if (!(packet.flags & AV_PKT_FLAG_KEY) || (packet.flags & AV_PKT_FLAG_DISCARD) || packet.pts == AV_NOPTS_VALUE)
    return false;
  return !spec_.exact || packet.pts >= spec_.from;
}

void Looker::note_start(const AVPacket& packet) {
  const auto kind = key_kind(*source_.stream()->codecpar, packet);
  out_.fresh_start = kind == KeyKind::needs_reset;
  out_.copies = true;
  out_.copy_first = packet.pts;
}

// The key frame to begin with: the last one up to `from`, or with `exact` the first one at or after it.
Result<bool> Looker::find_start() {
  VF_CHECK(source_.begin_at(spec_.from));
  bool found = false;
  while (VF_TRY(source_.next(packet_.get()))) {
    const auto pts = packet_->pts;
    if (found && pts != AV_NOPTS_VALUE && !(packet_->flags & AV_PKT_FLAG_DISCARD)) {
      // The packets behind a key frame tell whether pictures shown before it follow.
      out_.open_start = pts < out_.copy_first;
      return true;
    }
    if (!found && pts != AV_NOPTS_VALUE && (packet_->flags & AV_PKT_FLAG_KEY) && pts >= spec_.to) return false;
    if (!found && fits(*packet_) && key_kind(*source_.stream()->codecpar, *packet_) != KeyKind::unusable) {
      note_start(*packet_);
      found = true;
    }
  }
  return found;
}

Result<std::vector<Look>> Looker::look_around_end() {
  std::vector<Look> out;
  VF_CHECK(source_.begin_at(std::max(spec_.to, out_.copy_first)));
  int past = 0;
  bool begun = false;
  while (out.size() < kMaxLooked && past < kLookPast && VF_TRY(source_.next(packet_.get()))) {
    const auto pts = packet_->pts;
    if (pts == AV_NOPTS_VALUE)
      return fail(ErrorCode::invalid_input, "The video's packets carry no presentation times.");
    const bool key = (packet_->flags & AV_PKT_FLAG_KEY) != 0;
    begun = begun || (key && pts >= out_.copy_first);
    if (!begun || pts < out_.copy_first) continue;
    if (pts >= spec_.to) ++past;
    out.push_back({pts, key});
  }
  return out;
}

// A place between two packets is a clean cut where everything before it is shown before everything
// behind it: then no picture in front needs one that is left out.
Result<void> Looker::find_end() {
  out_.copy_until = out_.shown_until = INT64_MAX;
  if (spec_.to == INT64_MAX) return {};
  const auto looked = VF_TRY(look_around_end());
  std::vector<std::int64_t> smallest_behind(looked.size() + 1, INT64_MAX);
  for (std::size_t i = looked.size(); i-- > 0;) smallest_behind[i] = std::min(smallest_behind[i + 1], looked[i].pts);
  std::int64_t largest_before = INT64_MIN;
  std::optional<std::size_t> place;
  for (std::size_t i = 0; i <= looked.size(); ++i) {
    if (i > 0) largest_before = std::max(largest_before, looked[i - 1].pts);
    const bool clean = largest_before < smallest_behind[i];
    if (spec_.exact && largest_before >= spec_.to) break;
    if (!clean || (!spec_.exact && smallest_behind[i] < spec_.to)) continue;
    place = i;
    if (!spec_.exact) break;
  }
  if (!place || *place == looked.size()) {
    // Nothing wanted lies behind what was seen: the stream ends there.
    if (place) return {};
    out_.copies = false;
    return {};
  }
  out_.copy_until = looked[*place].pts;
  out_.shown_until = smallest_behind[*place];
  if (out_.copy_until == out_.copy_first) out_.copies = false;
  return {};
}

Result<CutPoints> Looker::run() {
  if (!packet_) return fail(ErrorCode::no_memory, "There is not enough memory to look at the video.");
  if (!VF_TRY(find_start())) return CutPoints{};
  VF_CHECK(find_end());
  const auto sets = parameter_sets_of(*source_.stream()->codecpar);
  out_.free_parameter_set = free_h264_identifier(*source_.stream()->codecpar, sets);
  if (out_.free_parameter_set < 0) out_.mismatch = "it uses every identifier that parameter sets can have";
  return out_;
}

}  // namespace

Result<CutPoints> find_cut_points(int fd, const CutSpec& spec) {
  auto source = VF_TRY(PacketSource::open(fd, spec.stream_index, {}));
  return Looker(source, spec).run();
}

}  // namespace vf::media::cut
