#include "pipeline/plans/sample.h"

#include <algorithm>

#include "media/encode/video_chunk.h"
#include "pipeline/plans/cost.h"
#include "pipeline/stages/chunk_result.h"

namespace vf::pipeline {
namespace {

constexpr double kSecondsPerSample = 30;
constexpr std::size_t kMaxSamples = 4;

double predicted(const jobs::Plan& plan) {
  double seconds = 0;
  for (const auto& stage : plan.stages) seconds += stage.cost.cpu_seconds;
  return seconds;
}

}  // namespace

SamplePlan sample_plan(const TranscodePlan& plan) {
  SamplePlan out;
  const auto& chunks = plan.cutting.chunks;
  if (chunks.empty()) return out;
  const auto wanted = std::clamp<std::size_t>(static_cast<std::size_t>(plan.duration_seconds / kSecondsPerSample), 1,
                                              std::min(kMaxSamples, chunks.size()));
  for (std::size_t s = 0; s < wanted; ++s) {
    // The middle of each of `wanted` equal parts.
    const auto c = (2 * s + 1) * chunks.size() / (2 * wanted);
    const auto& chunk = chunks[c];
    const auto end = chunk.segment_starts.size() > 1 ? chunk.segment_starts[1] : chunk.end;
    const double share = static_cast<double>(end - chunk.start) /
                         static_cast<double>(std::max<std::int64_t>(1, chunk.end - chunk.start));
    for (const auto& stage : plan.plan.stages) {
      if (stage.kind != "encode" || stage.group != fmt::format("{:04}", c)) continue;
      auto params = from_json<media::ChunkSpec>(stage.params);
      if (!params) continue;
      params->end_ticks = end;
      params->segment_starts.resize(1);
      auto sample = stage;
      sample.params = to_json(*params);
      const auto& target = params->rungs.front().target;
      const double start = encoder_start_seconds(static_cast<double>(target.width) * target.height);
      sample.cost.cpu_seconds = start + share * (sample.cost.cpu_seconds - start);
      out.track_of[sample.id] = params->rungs.front().target.name;
      out.frames[sample.id] = share * static_cast<double>(chunk.frames);
      out.plan.stages.push_back(std::move(sample));
    }
  }
  return out;
}

Result<void> correct_prediction(TranscodePlan& plan, const SamplePlan& sample, const RunReport& run) {
  if (sample.plan.stages.empty()) return {};
  double measured = 0;
  for (const auto& record : run.stages) measured += record.usage.cpu_seconds;
  const double expected = predicted(sample.plan);
  // A sample that was known already used nothing; the estimate stands then.
  const double factor = measured > 0 && expected > 0 ? measured / expected : 1.0;
  plan.prediction.cpu_seconds = factor * predicted(plan.plan);

  std::map<std::string, double> bytes;
  std::map<std::string, double> frames;
  for (const auto& [id, output] : run.outputs) {
    const auto chunk = VF_TRY(chunk_of(output.result));
    const auto& track = sample.track_of.at(id);
    for (const auto& segment : chunk.segments) bytes[track] += static_cast<double>(segment.size);
    frames[track] += static_cast<double>(chunk.frames);
  }
  double total = 0;
  for (const auto& video : plan.videos) {
    if (video.copied || frames[video.name] <= 0) continue;
    const double capped = static_cast<double>(video.max_bit_rate) / 8 * plan.duration_seconds;
    total += std::min(capped, bytes[video.name] / frames[video.name] * static_cast<double>(plan.cutting.frames));
  }
  plan.prediction.output_bytes = plan.prediction.fixed_bytes + static_cast<std::int64_t>(total);
  plan.prediction.peak_disk_bytes = plan.prediction.output_bytes * plan.prediction.copies_on_disk;
  return {};
}

}  // namespace vf::pipeline
