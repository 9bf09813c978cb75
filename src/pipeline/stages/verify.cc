#include "pipeline/stages/verify.h"

#include <algorithm>
#include <cmath>

#include "base/fd.h"
#include "media/verify/picture.h"
#include "media/verify/sound.h"
#include "media/verify/track.h"
#include "pipeline/stages/kinds.h"
#include "pipeline/stages/manifest_check.h"
#include "pipeline/stages/members.h"
#include "pipeline/stages/package.h"

namespace vf::pipeline {
namespace {

using media::verify::ChunkProof;
using media::verify::SoundProof;
using media::verify::TrackProof;

// What default quality aims at. Missing it is said in the report; it is no failure.
struct Aim {
  double mean;
  double p1;
};
constexpr Aim kAim{0.95, 0.85};
constexpr Aim kSmallAim{0.92, 0.80};
constexpr int kSmallLines = 480;
constexpr int kCurvePoints = 600;  // of the curve that the report draws

// A mean above the cap is told; one this far above it means that the encoder was not asked rightly.
constexpr double kMeanTold = 1.02;
constexpr double kMeanOfCap = 1.5;
// A buffer of two seconds may be spent in one, on top of that second's own rate.
constexpr double kPeakOfCap = 4.0;
// Shorter films are one burst of the buffer: their rate means nothing.
constexpr double kRateSeconds = 3.0;

class Judge {
 public:
  explicit Judge(const StageMember& member) : member_(member) {}

  Result<void> judge_video(const VerifyVideo& video) {
    VideoVerdict out;
    out.name = video.name;
    std::vector<media::verify::SsimSample> samples;
    for (int c = 0; c < video.chunks; ++c) {
      auto proof = VF_TRY(from_json<ChunkProof>(next().result));
      blame(video.name, proof.failures);
      for (const auto& note : proof.notes) warn("picture-note", fmt::format("{}: {}", video.name, note));
      out.frames += proof.frames;
      samples.insert(samples.end(), proof.samples.begin(), proof.samples.end());
    }
    const auto track = VF_TRY(from_json<TrackProof>(next().result));
    blame(video.name, track.failures);
    out.duration_seconds = track.duration_seconds;
    // Of the whole track: a chunk's own seconds begin with the chunk.
    for (const auto bytes : track.second_bytes) out.second_bits.push_back(bytes * 8);
    out.mean_bit_rate = track.mean_bit_rate;
    out.peak_bit_rate = std::max(track.peak_bit_rate, track.mean_bit_rate);
    out.ssim = similarity(samples);
    if (out.frames != video.frames)
      blame(video.name, {fmt::format("it has {} frames and the source has {}", out.frames, video.frames)});
    judge_rate(video, track);
    judge_quality(video, out.ssim);
    verdict_.video.push_back(std::move(out));
    return {};
  }

  Result<void> judge_audio(const std::string& name) {
    const auto sound = VF_TRY(from_json<SoundProof>(next().result));
    const auto track = VF_TRY(from_json<TrackProof>(next().result));
    blame("sound " + name, sound.failures);
    blame("sound " + name, track.failures);
    verdict_.audio.push_back(
        {name, sound.duration_seconds, track.mean_bit_rate, sound.offset_seconds, sound.drift_seconds});
    return {};
  }

  Result<void> judge_manifests() {
    const auto& package = next();
    const auto result = VF_TRY(from_json<PackageResult>(package.result));
    std::vector<media::ManifestFile> files;
    for (std::size_t i = 0; i < result.names.size(); ++i)
      files.push_back({result.names[i], VF_TRY(read_whole(package.fds.at(i), 64 << 20))});
    blame("manifests", check_manifests(files, result.presentation));
    return {};
  }

  Result<Verdict> verdict() && {
    if (failures_.empty()) return std::move(verdict_);
    std::string detail;
    for (const auto& failure : failures_) detail += (detail.empty() ? "" : "; ") + failure;
    return fail(ErrorCode::verify_failed,
                fmt::format("What was written is not the source, so nothing is published: {}{}", failures_.front(),
                            failures_.front().ends_with('.') ? "" : "."),
                detail);
  }

 private:
  const InputView& next() { return member_.inputs.at(at_++); }
  void warn(std::string code, std::string message) {
    verdict_.warnings.push_back({std::move(code), std::move(message)});
  }
  void blame(const std::string& what, const std::vector<std::string>& failures) {
    for (const auto& failure : failures) failures_.push_back(what + ": " + failure);
  }

  void judge_rate(const VerifyVideo& video, const TrackProof& track) {
    const auto cap = static_cast<double>(video.max_bit_rate);
    if (cap <= 0 || track.duration_seconds < kRateSeconds) return;
    const auto mean = static_cast<double>(track.mean_bit_rate);
    if (mean > kMeanOfCap * cap || static_cast<double>(track.peak_bit_rate) > kPeakOfCap * cap)
      return blame(video.name,
                   {fmt::format("its {} bit/s on average and {} in its busiest second exceed the cap of {} by far",
                                track.mean_bit_rate, track.peak_bit_rate, video.max_bit_rate)});
    if (mean > kMeanTold * cap)
      warn("above-cap", fmt::format("{}: {} bit/s on average, above the cap of {}.", video.name, track.mean_bit_rate,
                                    video.max_bit_rate));
  }

  void judge_quality(const VerifyVideo& video, const Similarity& ssim) {
    const auto& aim = video.lines <= kSmallLines ? kSmallAim : kAim;
    if (ssim.samples.empty() || (ssim.mean >= aim.mean && ssim.p1 >= aim.p1)) return;
    warn("below-quality-aim", fmt::format("{}: SSIM {:.3f} on average and {:.3f} at the 1st percentile, below the aim "
                                          "of {:.2f} and {:.2f}: hard content for its bit rate or quality.",
                                          video.name, ssim.mean, ssim.p1, aim.mean, aim.p1));
  }

  static Similarity similarity(std::vector<media::verify::SsimSample> samples) {
    Similarity out;
    if (samples.empty()) return out;
    const auto step = samples.size() / kCurvePoints + 1;
    for (std::size_t i = 0; i < samples.size(); i += step) out.samples.push_back({samples[i].seconds, samples[i].ssim});
    std::vector<double> values;
    for (const auto& sample : samples) {
      values.push_back(sample.ssim);
      out.mean += sample.ssim / static_cast<double>(samples.size());
    }
    std::ranges::sort(values);
    out.min = values.front();
    out.p1 = values[values.size() / 100];
    return out;
  }

  const StageMember& member_;
  std::size_t at_ = 0;
  Verdict verdict_;
  std::vector<std::string> failures_;
};

Result<Verdict> verify(const VerifyParams& params, const StageMember& member) {
  Judge judge(member);
  for (const auto& video : params.video) VF_CHECK(judge.judge_video(video));
  for (const auto& audio : params.audio) VF_CHECK(judge.judge_audio(audio));
  VF_CHECK(judge.judge_manifests());
  return std::move(judge).verdict();
}

std::string version() { return own_version(2); }

Result<std::vector<json::value>> run(const StageCall& call) {
  return for_each_member<VerifyParams>(
      call, [](const auto& params, const auto& member, const auto&) { return verify(params, member); });
}

}  // namespace

const StageKind kVerifyStage{"verify", &version, &run};

}  // namespace vf::pipeline
