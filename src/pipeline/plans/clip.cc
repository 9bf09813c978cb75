#include "pipeline/plans/clip.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "pipeline/plans/clip_builder.h"

namespace vf::pipeline {
namespace {

constexpr double kMaxSeconds = 1e9;
// Edges longer than this are encoded in parts, side by side.
constexpr double kEdgePartSeconds = 12.0;

std::unexpected<Error> outside(const Inspection& source) {
  return fail(ErrorCode::invalid_argument,
              fmt::format("The clip lies outside the film, which is {:.2f} s long.", source.info.duration_seconds));
}

const media::StreamInfo* video_of(const Inspection& source) {
  const auto* video = source.info.main_video();
  return video && video->video && !source.index.frame_ticks.empty() ? video : nullptr;
}

Result<void> check_container(const Inspection& source, const ClipOptions& options) {
  const auto* video = video_of(source);
  const auto& container = *media::mux::find_container(options.container);
  if (!video || media::mux::holds(container.video, video->codec)) return {};
  const auto others = media::mux::containers_for_video(video->codec);
  return fail(
      ErrorCode::invalid_argument,
      others.empty()
          ? fmt::format("No file that VideoForge writes holds {}. Convert it with `videoforge process`.", video->codec)
          : fmt::format("{} does not hold {}. Write {}, or convert it with `videoforge process`.", container.name,
                        video->codec, others));
}

}  // namespace

Result<void> check(const ClipOptions& options) {
  if (!media::mux::find_container(options.container))
    return fail(ErrorCode::invalid_argument,
                fmt::format("A file of the kind '{}' is not written; name it .mp4, .mov, .mkv, .webm or .ts.",
                            options.container));
  const auto sane = [](double seconds) { return seconds >= 0 && seconds < kMaxSeconds; };
  if (!sane(options.from) || (options.to && !sane(*options.to)))
    return fail(ErrorCode::invalid_argument, "The clip's times go from 0 to a billion seconds.");
  if (options.to && *options.to <= options.from)
    return fail(ErrorCode::invalid_argument,
                fmt::format("The clip from {} s to {} s is empty. Its end must come after its start.", options.from,
                            *options.to));
  return {};
}

Result<ClipTicks> clip_ticks(const Inspection& source, const ClipOptions& options) {
  const auto& index = source.index;
  const double tick = std::max(1e-12, index.time_base.value());
  // A time between two pictures means the later one; what is meant is seldom off by more than rounding.
  constexpr double kRounding = 0.0005;
  const auto at = [&](double seconds) {
    const auto ticks = index.first_ticks + static_cast<std::int64_t>(std::ceil((seconds - kRounding) / tick));
    const auto found = std::ranges::lower_bound(index.frame_ticks, ticks);
    return found == index.frame_ticks.end() ? INT64_MAX : *found;
  };
  ClipTicks out{options.from > 0 ? at(options.from) : index.frame_ticks.front(),
                options.to ? at(*options.to) : INT64_MAX};
  if (out.from == INT64_MAX) return outside(source);
  if (out.to <= out.from)
    return fail(ErrorCode::invalid_argument,
                fmt::format("There is no picture from {} s to {} s.", options.from, options.to.value_or(0)));
  // Pictures that an edit list hides stand behind the end: stop before them.
  if (out.to == INT64_MAX && !source.info.edits.empty()) out.to = index.frame_ticks.back() + 1;
  return out;
}

Result<std::vector<jobs::Stage>> clip_look_stages(const Inspection& source, const ClipOptions& options) {
  VF_CHECK(check_container(source, options));
  const auto* video = video_of(source);
  if (!video) return std::vector<jobs::Stage>{};
  const auto wanted = VF_TRY(clip_ticks(source, options));
  jobs::Stage stage;
  stage.id = stage.kind = "clip-look";
  stage.params =
      to_json(media::cut::CutSpec{video->index, source.index.time_base, wanted.from, wanted.to, options.exact});
  stage.inputs = {{kVideoSource, "", {}}};
  stage.cost = {0.1, 192LL << 20, 0};
  return std::vector{std::move(stage)};
}

Result<void> ClipBuilder::range_without_video() {
  constexpr double kMicro = 1e6;
  FileRange range;
  const auto& info = source_.info;
  range.origin = std::llround((info.start_seconds + options_.from) * kMicro);
  const bool ends = options_.to && *options_.to < info.duration_seconds;
  if (ends) range.end = std::llround((info.start_seconds + *options_.to) * kMicro);
  if (options_.from >= info.duration_seconds) return outside(source_);
  range.whole = options_.from == 0 && !ends;
  file_.set_range(range);
  out_.from = options_.from;
  out_.to = ends ? *options_.to : info.duration_seconds;
  return {};
}

void ClipBuilder::note(std::string part, std::string action, std::int64_t from, std::int64_t to) {
  const auto& index = source_.index;
  const auto frames =
      std::ranges::lower_bound(index.frame_ticks, to) - std::ranges::lower_bound(index.frame_ticks, from);
  const auto film_seconds = [&](std::int64_t ticks) {
    return static_cast<double>(std::min(ticks, std::max(index.end_ticks, index.frame_ticks.back() + 1)) -
                               index.first_ticks) *
           index.time_base.value();
  };
  stretches_.push_back({from, to, action == "copy"});
  out_.pieces.push_back({std::move(part), std::move(action), film_seconds(from), film_seconds(to), frames});
}

void ClipBuilder::copy_pictures() {
  media::mux::Run run;
  run.first = points_->copy_first;
  run.until = points_->copy_until;
  run.fresh_start = points_->fresh_start && !runs_.empty();
  runs_.push_back(run);
  note("middle", "copy", points_->copy_first, points_->shown_until);
}

void ClipBuilder::encode_edges(const std::string& part, std::int64_t from, std::int64_t to) {
  const auto& v = *video_->video;
  media::cut::EdgeSpec spec;
  spec.stream_index = video_->index;
  spec.time_base = source_.index.time_base;
  spec.frame_rate = reduced(v.variable_rate ? v.average_rate : v.nominal_rate);
  spec.codec = video_->codec;
  spec.profile = media::cut::encoder_profile(video_->codec, video_->profile);
  // A key frame of HEVC that starts afresh throws away what still waits to be shown (ITU-T H.265 C.5.2.2):
  // in front of it every picture has to be shown at once.
  const bool before_fresh_start = part == "head" && points_ && points_->fresh_start;
  spec.reorder = v.gop.b_frame_depth > 0 && !before_fresh_start;
  spec.parameter_set = points_ ? points_->free_parameter_set : 1;
  spec.mastering = v.color.mastering;
  const auto& frames = source_.index.frame_ticks;
  const auto last = to == INT64_MAX ? std::max(source_.index.end_ticks, frames.back() + 1) : to;
  const auto part_ticks = std::max<std::int64_t>(1, std::llround(kEdgePartSeconds / source_.index.time_base.value()));
  for (auto start = from; start < last;) {
    auto end = last;
    if (last - start > part_ticks + part_ticks / 2) end = *std::ranges::lower_bound(frames, start + part_ticks);
    spec.start_ticks = start;
    spec.end_ticks = end;
    const auto count = std::ranges::lower_bound(frames, end) - std::ranges::lower_bound(frames, start);
    const Footage footage{static_cast<double>(v.width) * v.height, static_cast<double>(count),
                          file_.seconds_of(end - start)};
    jobs::Stage stage;
    stage.id = fmt::format("clip-edge/{}/{:04}", part, runs_.size());
    stage.kind = "clip-edge";
    stage.params = to_json(spec);
    stage.inputs = {{kVideoSource, "", {}}};
    stage.outputs = 1;
    constexpr std::int64_t kMostBits = 200'000'000;
    stage.cost = encode_cost(video_->codec, "high", "", footage, kMostBits) + decode_cost(footage, 0);
    media::mux::Run run;
    run.copy = false;
    run.input = file_.input({"", file_.add(std::move(stage)).id, {0}});
    runs_.push_back(run);
    start = end;
  }
  note(part, "encode", from, last);
}

// Why the edges cannot stand beside copied packets; empty where they can.
std::string ClipBuilder::why_not_joined(bool edges) const {
  if (!edges) return {};
  if (auto reason = media::cut::why_not_matched(*video_)) return *reason;
  if (points_ && !points_->mismatch.empty()) return points_->mismatch;
  const auto hidden = std::ranges::count_if(source_.info.edits, [&](const media::EditInfo& edit) {
    return edit.stream_index == video_->index && edit.media_seconds >= 0;
  });
  if (hidden > 1) return "its edit list is made of several parts";
  return {};
}

Result<void> ClipBuilder::cut_by_copy() {
  if (!points_ || !points_->copies)
    return fail(ErrorCode::invalid_input,
                "There is no key frame to cut at in this part of the film. Use --exact, which needs none.");
  FileRange range{source_.index.time_base, points_->copy_first, points_->shown_until, false};
  range.whole = range.origin == source_.index.frame_ticks.front() && range.end == INT64_MAX;
  file_.set_range(range);
  copy_pictures();
  file_.decide(video_->index, "video", "copy", video_->codec, "it is cut at a key frame, without a change");
  return {};
}

Result<void> ClipBuilder::convert(const std::string& reason) {
  converted_ = true;
  PictureWishes wishes;
  wishes.picture = upright(*video_);
  const auto& v = *video_->video;
  const auto even = [](int size) { return std::max(2, size / 2 * 2); };
  wishes.target.name = "clip";
  wishes.target.width = even(v.display_width);
  wishes.target.height = even(v.display_height);
  wishes.quality = "high";
  wishes.encoder = VF_TRY(media::choose_video_encoder(container_.make_video, wishes.quality, "", 0));
  file_.decide(video_->index, "video", "encode", std::string(container_.make_video), reason);
  note("whole", "encode", wanted_.from, wanted_.to);
  return file_.add_encoded_video(*video_, wishes);
}

Result<void> ClipBuilder::cut_exactly() {
  const bool copies = points_ && points_->copies;
  const bool head = !copies || wanted_.from < points_->copy_first;
  const bool tail = copies && points_->shown_until < wanted_.to;
  file_.set_range({source_.index.time_base, wanted_.from, wanted_.to, false});
  if (const auto reason = why_not_joined(head || tail); !reason.empty())
    return convert("the whole clip is encoded: " + reason);
  if (!copies) {
    encode_edges("whole", wanted_.from, wanted_.to);
    file_.decide(video_->index, "video", "encode", video_->codec, "there is no whole group of pictures in the clip");
    return {};
  }
  if (head) encode_edges("head", wanted_.from, points_->copy_first);
  copy_pictures();
  if (tail) encode_edges("tail", points_->shown_until, wanted_.to);
  const char* reason = head && tail ? "its first and last pictures are encoded, what lies between is copied"
                       : head       ? "its first pictures are encoded, the others are copied"
                       : tail       ? "its last pictures are encoded, the others are copied"
                                    : "it begins and ends where it can be cut without a change";
  file_.decide(video_->index, "video", "copy", video_->codec, reason);
  return {};
}

Result<void> ClipBuilder::cut_video() {
  VF_CHECK(check_container(source_, options_));
  video_ = video_of(source_);
  if (!video_) return range_without_video();
  wanted_ = VF_TRY(clip_ticks(source_, options_));
  VF_CHECK(options_.exact ? cut_exactly() : cut_by_copy());
  if (!runs_.empty()) {
    media::mux::MuxTrack track;
    track.from = media::mux::TrackFrom::runs;
    track.stream = video_->index;
    track.runs = runs_;
    file_.add_track(std::move(track));
  }
  out_.from = out_.pieces.front().from;
  out_.to = out_.pieces.back().to;
  for (const auto& piece : out_.pieces) out_.frames += piece.frames;
  return {};
}

void ClipBuilder::prove(const std::string& file_stage) {
  media::verify::FileSpec spec;
  spec.time_base = file_.range().base;
  spec.origin = file_.range().origin;
  spec.end = file_.range().end;
  spec.stream_index = video_ ? video_->index : -1;
  spec.stretches = stretches_;
  if (video_ && !converted_) spec.compare = media::verify::Compare::samples;
  if (converted_) spec.compare = media::verify::Compare::nothing;
  out_.proof_stage = file_.prove(spec, file_stage);
}

Result<ClipPlan> ClipBuilder::finish() && {
  VF_CHECK(file_.add_sound({}));
  file_.add_subtitles({});
  file_.add_chapters();
  file_.decide_the_rest();
  out_.file_stage = VF_TRY(file_.finish());
  prove(out_.file_stage);
  out_.plan = file_.take_plan();
  out_.decisions = file_.take_decisions();
  return std::move(out_);
}

Result<ClipPlan> plan_clip(const Inspection& source, const ClipOptions& options,
                           const std::optional<media::cut::CutPoints>& points) {
  VF_CHECK(check(options));
  ClipBuilder builder(source, options, points);
  VF_CHECK(builder.cut_video());
  return std::move(builder).finish();
}

}  // namespace vf::pipeline
