#include "pipeline/plans/compare.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "pipeline/plans/chunking.h"
#include "pipeline/plans/cost.h"

namespace vf::pipeline {
namespace {

constexpr double kMaxOffset = 86'400;
constexpr double kScorePerMegapixel = 0.004;
constexpr int kPictureWidth = 640;
// What score() takes as it is; everything else is converted.
constexpr std::array<std::string_view, 9> kPlainFormats{
    "yuv420p", "yuvj420p", "yuv422p", "yuv444p", "yuv420p10le", "yuv422p10le", "yuv444p10le", "yuv420p12le", "gray"};

Result<const media::StreamInfo*> video_of(const Inspection& source, const char* name) {
  const auto* stream = source.info.main_video();
  if (!stream || !stream->video || source.index.frame_ticks.empty())
    return fail(ErrorCode::invalid_input, fmt::format("The {} file has no video to compare.", name));
  if (!stream->decodable)
    return fail(
        ErrorCode::unsupported_input,
        fmt::format("The {} file's video cannot be decoded: it is damaged, or its codec ({}) is not one that is read.",
                    name, stream->codec));
  return stream;
}

media::compare::SideSpec side_of(const Inspection& source, const media::StreamInfo& stream) {
  media::compare::SideSpec out{stream.index, source.index.time_base, {}, {}};
  out.picture.rotation = stream.video->rotation;
  out.picture.mirrored = stream.video->mirrored;
  out.picture.sample_aspect = stream.video->sample_aspect;
  return out;
}

media::Deinterlace deinterlace_for(const std::string& order) {
  return order == "bottom-first" ? media::Deinterlace::bottom_first : media::Deinterlace::top_first;
}

int even(int side) { return std::max(2, side / 2 * 2); }

bool is_interlaced(const media::VideoInfo& v) { return v.field_order != "progressive"; }

// What pictures are taken for that say nothing: the chain of pictures takes them so, too.
std::string matrix_of(const media::VideoInfo& v) {
  if (v.color.matrix != "unknown") return v.color.matrix;
  return v.width < 1280 && v.height <= 576 ? "smpte170m" : "bt709";
}
std::string range_of(const media::VideoInfo& v) { return v.color.range == "full" ? "full" : "limited"; }

// Where the two differ in a way that would be measured instead of the quality: one sentence each.
std::vector<std::string> differences(const media::VideoInfo& a, const media::VideoInfo& b) {
  std::vector<std::string> out;
  const auto differ = [&](bool yes, std::string sentence) {
    if (yes) out.push_back(std::move(sentence));
  };
  differ(a.display_width != b.display_width || a.display_height != b.display_height,
         fmt::format("b was scaled from {}x{} to a's {}x{}", b.display_width, b.display_height, a.display_width,
                     a.display_height));
  differ(a.rotation != b.rotation || a.mirrored != b.mirrored, "both were set upright");
  differ(a.sample_aspect != b.sample_aspect, "both were given square pixels");
  differ(a.color.hdr != b.color.hdr, fmt::format("both were made SDR (a is {}, b is {})", a.color.hdr, b.color.hdr));
  differ(a.color.hdr == b.color.hdr && (range_of(a) != range_of(b) || matrix_of(a) != matrix_of(b)),
         fmt::format("both were brought to BT.709 and limited range (a: {}, {}; b: {}, {})", matrix_of(a), range_of(a),
                     matrix_of(b), range_of(b)));
  differ(a.pixel_format != b.pixel_format,
         fmt::format("both were brought to one sample format (a: {}, b: {})", a.pixel_format, b.pixel_format));
  differ(is_interlaced(a) != is_interlaced(b),
         fmt::format("{} was deinterlaced, because the other one is progressive", is_interlaced(a) ? "a" : "b"));
  differ(out.empty() && std::ranges::find(kPlainFormats, a.pixel_format) == kPlainFormats.end(),
         fmt::format("both were brought from {} to 4:2:0", a.pixel_format));
  return out;
}

media::Target target_of(const media::VideoInfo& a, const media::VideoInfo& b) {
  media::Target out{"compared", even(a.display_width), even(a.display_height)};
  if (a.bit_depth > 8 && b.bit_depth > 8) out.pixel_format = "yuv420p10le";
  out.keep_hdr = a.color.hdr != "sdr" && a.color.hdr == b.color.hdr;
  if (out.keep_hdr) out.pixel_format = "yuv420p10le";
  return out;
}

std::vector<jobs::StageInput> both() { return {{kReferenceSource, "", {}}, {kOtherSource, "", {}}}; }

// Chunks begin at key frames of a; b is decoded from its own key frame before.
void add_chunks(const Inspection& a, const media::VideoInfo& video, ComparePlan& out, jobs::Stage& result) {
  const auto cutting =
      cut(a.index, std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max(), true);
  const auto& matched = out.alignment;
  for (const auto& chunk : cutting.chunks) {
    const auto first = std::ranges::lower_bound(matched.a, chunk.start) - matched.a.begin();
    const auto last = std::ranges::lower_bound(matched.a, chunk.end) - matched.a.begin();
    if (first == last) continue;
    auto spec = out.pair;
    spec.a.ticks.assign(matched.a.begin() + first, matched.a.begin() + last);
    spec.b.ticks.assign(matched.b.begin() + first, matched.b.begin() + last);
    const Footage footage{static_cast<double>(video.width) * video.height, static_cast<double>(last - first), 0};
    jobs::Stage stage;
    stage.id = fmt::format("compare-pairs/{:04}", result.inputs.size());
    stage.kind = "compare-pairs";
    stage.params = to_json(spec);
    stage.inputs = both();
    stage.outputs = 1;
    stage.cost = decode_cost(footage, a.info.bytes);
    stage.cost.cpu_seconds =
        0.05 + 2 * stage.cost.cpu_seconds + footage.pixels * footage.frames / 1e6 * kScorePerMegapixel;
    stage.cost.memory_bytes *= 2;
    stage.cost.output_bytes = (last - first) * 80 + 4096;
    result.inputs.push_back({"", stage.id, {0}});
    out.chunk_starts.push_back(chunk.start);
    out.plan.stages.push_back(std::move(stage));
  }
}

}  // namespace

Result<void> check(const CompareOptions& o) {
  constexpr std::array<std::string_view, 3> kModes{"auto", "first", "clock"};
  if (std::ranges::find(kModes, o.align) == kModes.end())
    return fail(ErrorCode::invalid_argument,
                fmt::format("The alignment '{}' is not known. Choose from auto, first, clock.", o.align));
  if (!(std::abs(o.offset_seconds) <= kMaxOffset))
    return fail(ErrorCode::invalid_argument, "The offset goes from -86400 to 86400 seconds.");
  return {};
}

Result<ComparePlan> plan_compare(const Inspection& a, const Inspection& b, const CompareOptions& options) {
  VF_CHECK(check(options));
  const auto* video_a = VF_TRY(video_of(a, "first"));
  const auto* video_b = VF_TRY(video_of(b, "second"));
  ComparePlan out;
  out.origin_a = a.info.start_seconds;
  out.origin_b = b.info.start_seconds;
  out.duration_seconds = a.info.duration_seconds;
  out.alignment = align({a.index, out.origin_a}, {b.index, out.origin_b}, options.align, options.offset_seconds);
  if (out.alignment.a.empty())
    return fail(ErrorCode::invalid_input,
                "No picture of the two files is shown at the same time. Give --offset, or --align first.");
  out.pair.a = side_of(a, *video_a);
  out.pair.b = side_of(b, *video_b);
  out.conversions = differences(*video_a->video, *video_b->video);
  if (!out.conversions.empty()) {
    out.pair.target = target_of(*video_a->video, *video_b->video);
    // Two interlaced videos are compared with their lines as they are.
    if (is_interlaced(*video_a->video) != is_interlaced(*video_b->video)) {
      auto& side = is_interlaced(*video_a->video) ? out.pair.a : out.pair.b;
      side.picture.deinterlace =
          deinterlace_for(is_interlaced(*video_a->video) ? video_a->video->field_order : video_b->video->field_order);
    }
  }
  CompareParams params{a.index.time_base, b.index.time_base, out.origin_a, out.origin_b, 6};
  jobs::Stage result;
  result.id = result.kind = out.result_stage = "compare";
  result.params = to_json(params);
  result.outputs = 1;
  add_chunks(a, *video_a->video, out, result);
  const auto pairs = static_cast<std::int64_t>(out.alignment.a.size());
  result.cost = {0.1 + static_cast<double>(pairs) * 1e-5, (128LL << 20) + pairs * 1000, pairs * 160 + (1 << 20)};
  out.plan.stages.push_back(std::move(result));
  return out;
}

jobs::Plan picture_plan(const ComparePlan& plan, const std::vector<WorstPair>& pairs) {
  jobs::Plan out;
  for (const auto& pair : pairs) {
    ComparePictureParams params{plan.pair, kPictureWidth};
    params.pair.a.ticks = {pair.a_ticks};
    params.pair.b.ticks = {pair.b_ticks};
    jobs::Stage stage;
    stage.id = fmt::format("compare-picture/{}", out.stages.size());
    stage.kind = "compare-picture";
    stage.params = to_json(params);
    // Pairs of one chunk lie near to one another: one decode shows them all.
    const auto chunk = std::ranges::upper_bound(plan.chunk_starts, pair.a_ticks) - plan.chunk_starts.begin();
    stage.group = fmt::format("{:04}", chunk);
    stage.inputs = both();
    stage.outputs = 3;
    stage.cost = {1.0, 512LL << 20, 3 << 20};
    out.stages.push_back(std::move(stage));
  }
  return out;
}

}  // namespace vf::pipeline
