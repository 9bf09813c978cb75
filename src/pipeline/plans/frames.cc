#include "pipeline/plans/frames.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "media/stills/archive.h"
#include "media/stills/scenes.h"
#include "pipeline/plans/cost.h"
#include "pipeline/plans/frame_cutting.h"

namespace vf::pipeline {
namespace {

using media::stills::StillSpec;

constexpr int kDefaultJpeg = 90;  // what ffmpeg calls -q:v 2
constexpr int kDefaultWebp = 80;
constexpr int kLossless = 100;  // unused by PNG; one value, so that one picture has one key
constexpr int kMaxWebpSide = 16383;
constexpr std::size_t kStagesWithoutHelp = 8;  // fewer stages encode on threads of their own
constexpr int kMostEncoders = 4;

// CPU seconds and bytes a million pixels, measured on one core of a server of 2023; wrong by a factor
// for other content, right in proportion.
struct FormatCost {
  std::string_view format;
  std::string_view extension;
  double seconds;
  double bytes;
};
constexpr FormatCost kFormatCosts[] = {
    {"jpeg", "jpg", 0.004, 250e3}, {"png", "png", 0.012, 1500e3}, {"webp", "webp", 0.06, 60e3}};

const FormatCost& cost_of(const std::string& format) {
  return *std::ranges::find(kFormatCosts, format, &FormatCost::format);
}

int even(double value) { return std::max(2, static_cast<int>(std::lround(value / 2)) * 2); }

bool is_hdr(const media::VideoInfo& v) {
  return v.color.hdr != "sdr" || v.color.transfer == "smpte2084" || v.color.transfer == "arib-std-b67" ||
         v.color.primaries == "bt2020";
}

// The size of the pictures: the source's own where its samples are already upright and square.
Result<StillSpec> still_of(const media::VideoInfo& v, const FramesOptions& o) {
  StillSpec still;
  still.picture.rotation = v.rotation;
  still.picture.mirrored = v.mirrored;
  still.picture.sample_aspect = v.sample_aspect;
  const bool square = !v.sample_aspect.valid() || v.sample_aspect.num == v.sample_aspect.den;
  const bool enlarges = !o.width || *o.width >= v.display_width;
  if (enlarges && square && v.rotation == 0 && !v.mirrored && !v.has_alpha && !is_hdr(v)) {
    still.width = v.width;
    still.height = v.height;
  } else {
    still.width = even(enlarges ? v.display_width : *o.width);
    still.height = even(static_cast<double>(v.display_height) * still.width / std::max(1, v.display_width));
  }
  still.format = o.format;
  still.quality = o.format == "png" ? kLossless : o.quality.value_or(o.format == "jpeg" ? kDefaultJpeg : kDefaultWebp);
  if (o.format == "webp" && std::max(still.width, still.height) > kMaxWebpSide)
    return fail(
        ErrorCode::invalid_argument,
        fmt::format("WebP goes up to {} pixels a side and these pictures are {} x {}. Add --width, or take png.",
                    kMaxWebpSide, still.width, still.height));
  return still;
}

// How many source frames a stage decodes, about: to each run its way from the key frame.
double decoded_frames(const media::stills::FrameList& list, double mean_group) {
  return static_cast<double>(list.index.size()) + static_cast<double>(list.runs.size()) * mean_group / 2;
}

// Builds the stages of one plan.
class Builder {
 public:
  Builder(const Inspection& source, const media::StreamInfo& video, FramesPlan& out)
      : source_(source), video_(video), out_(out) {}

  void add_piece(media::stills::FrameList list, int encoders) {
    const auto& v = *video_.video;
    const auto& format = cost_of(out_.still.format);
    const auto count = static_cast<double>(list.index.size());
    const double group = static_cast<double>(v.frames) / std::max(1, v.gop.key_frames);
    const Footage decoded{static_cast<double>(v.width) * v.height, decoded_frames(list, group), 0};
    const double megapixels = static_cast<double>(out_.still.width) * out_.still.height / 1e6;
    auto cost = decode_cost(decoded, source_.info.bytes);
    cost.cpu_seconds += 0.05 + count * megapixels * format.seconds;
    cost.memory_bytes += static_cast<std::int64_t>((1 + encoders) * megapixels * 12e6);
    cost.output_bytes = static_cast<std::int64_t>(count * (megapixels * format.bytes + 4096));
    jobs::Stage stage;
    stage.id = fmt::format("extract-frames/{:04}", out_.pieces.size());
    stage.kind = "extract-frames";
    stage.params =
        to_json(media::stills::ExtractSpec{video_.index, std::move(list), out_.still, out_.naming, encoders});
    stage.inputs = {{kVideoSource, "", {}}};
    stage.outputs = 1;
    stage.cost = cost;
    out_.pieces.push_back(stage.id);
    out_.plan.stages.push_back(std::move(stage));
  }

  void add_archive(json::object head) {
    jobs::Stage stage;
    stage.id = stage.kind = out_.archive = "frames-archive";
    auto warnings = source_.info.warnings;
    std::erase_if(warnings, [](const media::Warning& w) { return w.code == "no-audio"; });  // nobody asked for sound
    stage.params = to_json(media::stills::ArchiveSpec{std::move(head), out_.naming, std::move(warnings)});
    for (const auto& piece : out_.pieces) stage.inputs.push_back({"", piece, {}});
    stage.outputs = 2;
    const auto frames = static_cast<double>(out_.frames);
    stage.cost = {0.05 + frames * 5e-6, (64LL << 20) + out_.frames * 1000, (1LL << 20) + out_.frames * 400};
    out_.plan.stages.push_back(std::move(stage));
  }

 private:
  const Inspection& source_;
  const media::StreamInfo& video_;
  FramesPlan& out_;
};

}  // namespace

Result<const media::StreamInfo*> frames_video(const Inspection& source) {
  const auto* video = source.info.main_video();
  if (!video || !video->video)
    return fail(ErrorCode::unsupported_input, "There is no video in this file, so there are no frames.");
  if (!video->decodable) {
    const bool damaged = std::ranges::find(source.info.warnings, "undecodable-picture", &media::Warning::code) !=
                         source.info.warnings.end();
    if (damaged)
      return fail(ErrorCode::invalid_input,
                  fmt::format("Not one picture of the video ({}) can be decoded: the file is damaged.", video->codec));
    return fail(
        ErrorCode::unsupported_input,
        fmt::format("The video's codec '{}' is not on the list of what VideoForge reads (see `videoforge doctor`).",
                    video->codec));
  }
  if (source.index.frame_ticks.empty() || video->video->width < 1 || video->video->height < 1)
    return fail(ErrorCode::invalid_input, "There is not one frame in this video.");
  return video;
}

Result<jobs::Plan> plan_scenes(const Inspection& source) {
  const auto* video = VF_TRY(frames_video(source));
  const auto wanted = VF_TRY(select_frames(source.index, {}, {}));
  jobs::Plan plan;
  for (auto& list : cut_frames(source, wanted)) {
    const Footage footage{static_cast<double>(video->video->width) * video->video->height,
                          static_cast<double>(list.index.size()), 0};
    jobs::Stage stage;
    stage.id = fmt::format("scenes/{:04}", plan.stages.size());
    stage.kind = "scenes";
    stage.params = to_json(media::stills::ScenesSpec{video->index, std::move(list)});
    stage.inputs = {{kVideoSource, "", {}}};
    stage.cost = decode_cost(footage, source.info.bytes);
    plan.stages.push_back(std::move(stage));
  }
  return plan;
}

Result<FramesPlan> plan_frames(const Inspection& source, const FramesOptions& options,
                               const std::vector<std::int64_t>& scenes, const json::object& facts) {
  VF_CHECK(check(options));
  const auto* video = VF_TRY(frames_video(source));
  const auto& index = source.index;
  const auto wanted = VF_TRY(select_frames(index, options, scenes));
  FramesPlan out;
  out.still = VF_TRY(still_of(*video->video, options));
  out.source_frames = static_cast<std::int64_t>(index.frame_ticks.size());
  out.frames = static_cast<std::int64_t>(wanted.size());
  out.naming.digits = std::max<int>(6, static_cast<int>(std::to_string(out.source_frames).size()));
  out.naming.extension = cost_of(options.format).extension;
  out.naming.time_base = index.time_base;
  out.naming.origin_ticks = index.frame_ticks.front();
  out.duration_seconds = out.naming.seconds(index.end_ticks);

  Builder builder(source, *video, out);
  auto pieces = cut_frames(source, wanted);
  const int encoders = pieces.size() >= kStagesWithoutHelp
                           ? 0
                           : std::min<int>(kMostEncoders, static_cast<int>(kStagesWithoutHelp / pieces.size()));
  for (auto& piece : pieces) builder.add_piece(std::move(piece), encoders);
  json::object head = facts;
  head["select"] = options.select;
  head["picture"] = json::object{{"format", options.format}, {"width", out.still.width}, {"height", out.still.height}};
  if (options.format != "png") head["picture"].as_object()["quality"] = out.still.quality;
  head["source_frames"] = out.source_frames;
  head["duration_seconds"] = out.duration_seconds;
  builder.add_archive(std::move(head));
  return out;
}

}  // namespace vf::pipeline
