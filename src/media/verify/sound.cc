#include "media/verify/sound.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "media/verify/correlate.h"
#include "media/verify/placed_sound.h"

namespace vf::media::verify {
namespace {

constexpr double kWindowSeconds = 4;
constexpr double kSearchSeconds = 0.25;
constexpr double kSilence = 0.0006;  // -64 dBFS: nothing to compare
constexpr double kAudible = 0.01;    // -40 dBFS: must not vanish
constexpr double kVanished = 0.02;   // of the source's level
constexpr double kHoleSeconds = 0.25;
constexpr double kPieceSeconds = 0.25;
constexpr double kUsableLikeness = 0.5;
constexpr double kOtherSound = 0.15;
constexpr double kJumpSeconds = 0.0015;  // time stamps round to a tick, not to more

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

std::size_t window_samples(double seconds) {
  return static_cast<std::size_t>(std::max(0.0, std::floor(seconds * kWindowRate)));
}

// What the windows say together.
class Comparison {
 public:
  void add(double seconds, const std::vector<float>& source, const std::vector<float>& track, bool levels) {
    const double there = level(source);
    const double here = level(track);
    ++windows_;
    if (levels) look_for_holes(seconds, source, track);
    if (there < kSilence || here < kSilence) return;
    auto match = find_lag(source, track, kWindowRate, kSearchSeconds);
    if (!match) return;
    if (match->likeness < kUsableLikeness) match = match_pieces(source, track).value_or(*match);
    if (there > kAudible) likeness_.push_back(match->likeness);
    if (usable(*match)) usable_.push_back({seconds, match->lag_seconds, match->likeness});
  }

  void conclude(SoundProof& proof, std::int64_t lost_packets) const {
    proof.windows = windows_;
    proof.usable_windows = static_cast<int>(usable_.size());
    proof.samples = usable_;
    proof.likeness = median(likeness_);
    std::vector<double> lags;
    for (const auto& w : usable_) lags.push_back(w.lag_seconds);
    proof.offset_seconds = median(lags);
    measure_worst(proof);
    measure_drift(proof);
    judge(proof, lost_packets);
  }

 private:
  static bool usable(const Match& match) {
    return match.likeness >= kUsableLikeness && (match.clear || std::abs(match.lag_seconds) <= kOffsetLimitSeconds);
  }

  // A clock that drifts smears a long window until nothing matches; in short pieces it still does.
  static std::optional<Match> match_pieces(const std::vector<float>& source, const std::vector<float>& track) {
    std::vector<double> lags;
    std::vector<double> likeness;
    const auto step = static_cast<std::ptrdiff_t>(kPieceSeconds * kWindowRate);
    for (std::ptrdiff_t at = 0; at + step <= std::ssize(source); at += step) {
      const std::vector<float> a(source.begin() + at, source.begin() + at + step);
      const std::vector<float> b(track.begin() + at, track.begin() + at + step);
      if (level(a) < kSilence || level(b) < kSilence) continue;
      const auto match = find_lag(a, b, kWindowRate, kSearchSeconds);
      if (!match || !usable(*match)) continue;
      lags.push_back(match->lag_seconds);
      likeness.push_back(match->likeness);
    }
    if (lags.size() < 3) return std::nullopt;
    return Match{median(lags), median(likeness), true};
  }

  // Stretches that can be heard in the source and not in the track.
  void look_for_holes(double seconds, const std::vector<float>& source, const std::vector<float>& track) {
    const auto step = static_cast<std::size_t>(kHoleSeconds * kWindowRate);
    for (std::size_t at = 0; at + step <= std::min(source.size(), track.size()); at += step) {
      const auto piece = [&](const std::vector<float>& from) {
        return std::vector<float>(from.begin() + static_cast<std::ptrdiff_t>(at),
                                  from.begin() + static_cast<std::ptrdiff_t>(at + step));
      };
      const double there = level(piece(source));
      if (there > kAudible && level(piece(track)) < kVanished * there)
        vanished_.push_back(seconds + static_cast<double>(at) / kWindowRate);
    }
  }

  // One window may lie; two neighbours that agree do not.
  void measure_worst(SoundProof& proof) const {
    proof.worst_offset_seconds = proof.offset_seconds;
    for (std::size_t i = 0; i + 1 < usable_.size(); ++i) {
      const double a = usable_[i].lag_seconds;
      const double b = usable_[i + 1].lag_seconds;
      const double both = std::abs(a) < std::abs(b) ? a : b;
      if (a * b > 0 && std::abs(both) > std::abs(proof.worst_offset_seconds)) proof.worst_offset_seconds = both;
    }
  }

  void measure_drift(SoundProof& proof) const {
    if (usable_.size() < 4) return;
    const auto share = std::max<std::size_t>(2, usable_.size() / 4);
    std::vector<double> first;
    std::vector<double> last;
    for (std::size_t i = 0; i < share; ++i) {
      first.push_back(usable_[i].lag_seconds);
      last.push_back(usable_[usable_.size() - 1 - i].lag_seconds);
    }
    proof.drift_seconds = median(last) - median(first);
  }

  void judge(SoundProof& proof, std::int64_t lost_packets) const {
    const auto ms = [](double s) { return std::abs(s) * 1000; };
    if (std::abs(proof.offset_seconds) > kOffsetLimitSeconds)
      proof.failures.push_back(fmt::format("The sound is {:.0f} ms {} against the source.", ms(proof.offset_seconds),
                                           proof.offset_seconds > 0 ? "late" : "early"));
    else if (std::abs(proof.worst_offset_seconds) > kOffsetLimitSeconds)
      proof.failures.push_back(fmt::format("In places the sound is {:.0f} ms off.", ms(proof.worst_offset_seconds)));
    if (std::abs(proof.drift_seconds) > kOffsetLimitSeconds)
      proof.failures.push_back(
          fmt::format("The sound drifts: its end lies {:.0f} ms from where it should.", ms(proof.drift_seconds)));
    if (likeness_.size() >= 2 && proof.likeness < kOtherSound &&
        proof.usable_windows * 4 < static_cast<int>(likeness_.size()))
      proof.failures.push_back("The sound is not the source's.");
    if (!vanished_.empty() && lost_packets == 0)
      proof.failures.push_back(
          fmt::format("At {:.2f} s the source can be heard and the track is silent.", vanished_.front()));
  }

  int windows_ = 0;
  std::vector<SoundWindow> usable_;
  std::vector<double> likeness_;
  std::vector<double> vanished_;
};

void judge_time(SoundProof& proof, const PlacedSound& track, double wanted, double frame) {
  proof.duration_seconds = track.end_seconds();
  proof.decode_errors = track.damaged();
  if (proof.decode_errors > 0)
    proof.failures.push_back(fmt::format("{} packets of the sound do not decode.", proof.decode_errors));
  if (std::abs(proof.duration_seconds - wanted) > frame + 1e-3)
    proof.failures.push_back(
        fmt::format("The sound lasts {:.3f} s and should last {:.3f} s.", proof.duration_seconds, wanted));
  if (track.largest_jump_seconds() > kJumpSeconds)
    proof.failures.push_back(fmt::format("The sound's time stamps jump by {:.1f} ms at {:.3f} s.",
                                         track.largest_jump_seconds() * 1000, track.jump_at_seconds()));
}

}  // namespace

Result<SoundProof> verify_audio_track(const SoundSpec& spec, int source_fd, const std::vector<int>& parts,
                                      const TrackChunk& chunk, const audio::Progress& progress) {
  SoundProof proof;
  const double timescale = std::max(1, chunk.format.timescale);
  const double described = static_cast<double>(chunk.duration - chunk.priming) / timescale;
  const double wanted = spec.duration_seconds > 0 ? spec.duration_seconds : described;
  auto opened = audio::AudioReader::create(parts, 0);
  if (!opened) {
    proof.failures.push_back(fmt::format("The track cannot be read: {}", opened.error().message));
    return proof;
  }
  PlacedSound track(std::move(*opened), 0);
  PlacedSound source(VF_TRY(audio::AudioReader::create({source_fd}, spec.source_stream)), spec.start_seconds);

  Comparison comparison;
  bool source_open = true;
  for (double at = 0;; at += kWindowSeconds) {
    const auto ours = VF_TRY(track.next(kWindowSeconds));
    if (ours.empty()) break;
    if (source_open) {
      auto theirs = source.next(kWindowSeconds);
      source_open = theirs && !theirs->empty();
      // A clip ends where the source goes on.
      if (source_open && spec.duration_seconds > 0)
        theirs->resize(std::min(theirs->size(), window_samples(spec.duration_seconds - at)));
      if (source_open) comparison.add(at, *theirs, ours, !spec.loudness_changed);
    }
    if (progress && wanted > 0) progress(std::min(1.0, at / wanted));
  }
  // A frame: the last one may be padded.
  const double frame =
      chunk.frames > 0 ? static_cast<double>(chunk.duration) / static_cast<double>(chunk.frames) / timescale : 0.022;
  judge_time(proof, track, wanted, std::max(frame, 1024.0 / timescale));
  comparison.conclude(proof, spec.lost_packets);
  return proof;
}

}  // namespace vf::media::verify
