#include "pipeline/plans/analyze.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "media/analysis/video_chunk.h"
#include "pipeline/plans/chunking.h"
#include "pipeline/plans/cost.h"
#include "pipeline/stages/analyze.h"

namespace vf::pipeline {
namespace {

constexpr int kTiles = 12;  // along the time line
constexpr media::Size kTileSize{160, 120};
constexpr double kMeasurePerMegapixel = 0.0009;
constexpr int kSoundPriority = 20;  // one long stage: first
constexpr int kChunkPriority = 10;

double ratio(double decibels) { return std::pow(10.0, decibels / 20); }

class Builder {
 public:
  Builder(const Inspection& source, const AnalyzeOptions& options) : source_(source), options_(options) {
    out_.origin_seconds = source.info.start_seconds;
    out_.duration_seconds = source.info.duration_seconds;
  }

  Result<AnalyzePlan> build() {
    result_.inputs = {{"", "probe", {0}}, {"", "analyze-packets", {}}};
    out_.plan.stages.push_back(probe_stage(source_.info.bytes, false));
    add_packets();
    add_video();
    add_sound();
    if (params_.chunks == 0 && params_.sound_streams.empty())
      return fail(
          ErrorCode::unsupported_input,
          "No stream of this file can be decoded: they are damaged, or in codecs that VideoForge does not read.");
    result_.id = result_.kind = out_.result_stage = "analyze";
    result_.params = to_json(params_);
    result_.outputs = 1;
    result_.cost = {0.1 + static_cast<double>(source_.index.frame_ticks.size()) * 2e-6,
                    (128LL << 20) + static_cast<std::int64_t>(source_.index.frame_ticks.size()) * 300, 8 << 20};
    out_.plan.stages.push_back(std::move(result_));
    return std::move(out_);
  }

 private:
  void add_packets() {
    jobs::Stage stage;
    stage.id = stage.kind = "analyze-packets";
    stage.params = to_json(AnalyzePacketsParams{});
    stage.inputs = {{kVideoSource, "", {}}};
    stage.cost = copy_cost(source_.info.bytes);
    stage.cost.output_bytes = 0;
    out_.plan.stages.push_back(std::move(stage));
  }

  // What is the same for every chunk.
  media::analysis::VideoChunkSpec chunk_spec(const media::StreamInfo& stream) const {
    const auto& v = *stream.video;
    media::analysis::VideoChunkSpec spec;
    spec.stream_index = stream.index;
    spec.black_threshold = options_.black_threshold;
    spec.freeze_noise = ratio(options_.freeze_noise);
    spec.crop_threshold = options_.crop_threshold;
    spec.picture.rotation = v.rotation;
    spec.picture.mirrored = v.mirrored;
    spec.picture.sample_aspect = v.sample_aspect;
    spec.display = {v.display_width, v.display_height};
    spec.tile = kTileSize;
    return spec;
  }

  // Times of the small pictures: the middles of equal parts of the film.
  std::vector<std::int64_t> tile_ticks(const Cutting& cutting) const {
    std::vector<std::int64_t> out;
    for (int i = 0; i < kTiles; ++i) {
      const auto wanted = cutting.origin + (cutting.end - cutting.origin) / (2 * kTiles) * (2 * i + 1);
      const auto frame = std::ranges::lower_bound(source_.index.frame_ticks, wanted);
      if (frame != source_.index.frame_ticks.end() && (out.empty() || out.back() < *frame)) out.push_back(*frame);
    }
    return out;
  }

  void add_video() {
    const auto* stream = source_.info.main_video();
    const auto& index = source_.index;
    if (!stream || !stream->video || !stream->decodable || index.frame_ticks.empty()) return;
    params_.facts = {index.time_base,        out_.origin_seconds,    stream->video->variable_rate,
                     options_.black_share,   options_.black_seconds, ratio(options_.freeze_noise),
                     options_.freeze_seconds};
    const auto cutting =
        cut(index, std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max(), true);
    const auto tiles = tile_ticks(cutting);
    for (std::size_t i = 0; i < cutting.chunks.size(); ++i) {
      const auto& chunk = cutting.chunks[i];
      auto spec = chunk_spec(*stream);
      if (i > 0) spec.start_ticks = chunk.start;
      if (i + 1 < cutting.chunks.size()) {
        spec.end_ticks = chunk.end;
        const auto second = std::ranges::upper_bound(index.frame_ticks, chunk.end);
        spec.after_end_ticks = second == index.frame_ticks.end() ? chunk.end + 1 : *second;
      }
      spec.tile_ticks.assign(std::ranges::lower_bound(tiles, chunk.start), std::ranges::lower_bound(tiles, chunk.end));
      add_chunk(i, spec, chunk, *stream->video);
    }
  }

  void add_chunk(std::size_t number, const media::analysis::VideoChunkSpec& spec, const Chunk& chunk,
                 const media::VideoInfo& video) {
    const Footage footage{static_cast<double>(video.width) * video.height, static_cast<double>(chunk.frames), 0};
    jobs::Stage stage;
    stage.id = fmt::format("analyze-video/{:04}", number);
    stage.kind = "analyze-video";
    stage.params = to_json(spec);
    stage.inputs = {{kVideoSource, "", {}}};
    stage.outputs = 2;
    stage.priority = kChunkPriority;
    stage.cost = decode_cost(footage, source_.info.bytes);
    stage.cost.cpu_seconds += 0.05 + footage.pixels * footage.frames / 1e6 * kMeasurePerMegapixel;
    stage.cost.output_bytes = chunk.frames * 48 + (1 << 20);
    result_.inputs.push_back({"", stage.id, {0}});
    out_.chunk_stages.push_back(stage.id);
    ++params_.chunks;
    out_.plan.stages.push_back(std::move(stage));
  }

  void add_sound() {
    if (params_.chunks == 0) params_.facts.origin_seconds = out_.origin_seconds;
    for (const auto& stream : source_.info.streams) {
      if (stream.kind != "audio" || !stream.decodable || stream.packets == 0) continue;
      media::analysis::SoundSpec spec{stream.index, ratio(options_.silence_level), options_.silence_seconds,
                                      options_.clipping_samples};
      jobs::Stage stage;
      stage.id = fmt::format("analyze-sound/{}", stream.index);
      stage.kind = "analyze-sound";
      stage.params = to_json(spec);
      stage.inputs = {{kVideoSource, "", {}}};
      stage.priority = kSoundPriority;
      stage.cost = audio_cost(stream.duration_seconds, stream.audio ? stream.audio->channels : 2);
      stage.cost.output_bytes = 0;
      result_.inputs.push_back({"", stage.id, {}});
      params_.sound_streams.push_back(stream.index);
      out_.plan.stages.push_back(std::move(stage));
    }
  }

  const Inspection& source_;
  const AnalyzeOptions& options_;
  AnalyzePlan out_;
  AnalyzeParams params_;
  jobs::Stage result_;
};

struct Range {
  const char* name;
  double value;
  double least;
  double most;
};

}  // namespace

Result<void> check(const AnalyzeOptions& o) {
  const Range ranges[] = {
      {"black threshold", o.black_threshold, 0, 1},
      {"black share", o.black_share, 0, 1},
      {"shortest black passage", o.black_seconds, 0, 3600},
      {"freeze noise in dB", o.freeze_noise, -120, 0},
      {"shortest freeze", o.freeze_seconds, 0.1, 3600},
      {"silence level in dB", o.silence_level, -120, 0},
      {"shortest silence", o.silence_seconds, 0.01, 3600},
      {"number of clipped samples", static_cast<double>(o.clipping_samples), 1, 100'000},
      {"crop threshold", static_cast<double>(o.crop_threshold), 0, 255},
  };
  for (const auto& range : ranges)
    if (!(range.value >= range.least && range.value <= range.most))
      return fail(ErrorCode::invalid_argument, fmt::format("The {} goes from {} to {}, and {} was asked for.",
                                                           range.name, range.least, range.most, range.value));
  return {};
}

Result<AnalyzePlan> plan_analyze(const Inspection& source, const AnalyzeOptions& options) {
  VF_CHECK(check(options));
  return Builder(source, options).build();
}

}  // namespace vf::pipeline
