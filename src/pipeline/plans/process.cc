#include "pipeline/plans/process.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "pipeline/plans/process_picture.h"

namespace vf::pipeline {
namespace {

constexpr double kSlowest = 0.25, kFastest = 4;
constexpr double kMostFps = 240;
constexpr double kMostGain = 60;
constexpr int kLeastCrop = 16, kMostCrop = 65535;

Result<void> within(const std::optional<double>& value, double least, double most, std::string_view what) {
  if (!value || (*value >= least && *value <= most)) return {};
  return fail(ErrorCode::invalid_argument, fmt::format("{} goes from {} to {}.", what, least, most));
}

class ProcessBuilder {
 public:
  ProcessBuilder(const Inspection& source, const ProcessOptions& options)
      : source_(source),
        options_(options),
        container_(*media::mux::find_container(options.container)),
        speed_(reduced({std::llround(options.speed * 1000), 1000})),
        file_(source, container_) {}

  Result<ProcessPlan> run();

 private:
  Result<void> add_video();
  Result<void> refuse_picture_options() const;
  std::optional<std::string> why_not_copied(const ProcessPictures& pictures) const;
  void copy_video();
  std::string prove(const std::string& file_stage);

  const Inspection& source_;
  const ProcessOptions& options_;
  const media::mux::Container& container_;
  Rational speed_;
  FileBuilder file_;
  const media::StreamInfo* video_ = nullptr;
  std::optional<int> burnt_;
  bool copied_ = false;
  ProcessPlan out_;
};

Result<void> ProcessBuilder::refuse_picture_options() const {
  const bool any = options_.scale || options_.crop || options_.watermark || options_.burn_language ||
                   options_.burn_file || options_.fps || !options_.filters.empty();
  if (!any) return {};
  return fail(ErrorCode::invalid_argument, "There is no video in this file: only the sound's options can be used.");
}

std::optional<std::string> ProcessBuilder::why_not_copied(const ProcessPictures& pictures) const {
  if (!pictures.changes.empty()) return fmt::format("{}", fmt::join(pictures.changes, ", "));
  if (!media::mux::holds(container_.video, video_->codec))
    return fmt::format("{} does not hold {}", container_.name, video_->codec);
  const auto& index = source_.index;
  if (index.key_ticks.empty() || index.key_ticks.front() != index.frame_ticks.front())
    return "it does not begin with a key frame";
  const auto edits = std::ranges::count_if(source_.info.edits, [&](const media::EditInfo& edit) {
    return edit.stream_index == video_->index && edit.media_seconds >= 0;
  });
  if (edits > 1) return "its edit list is made of several parts";
  return std::nullopt;
}

void ProcessBuilder::copy_video() {
  copied_ = true;
  file_.decide(video_->index, "video", "copy", video_->codec, "nothing of it is to be changed");
  media::mux::MuxTrack track;
  track.from = media::mux::TrackFrom::runs;
  track.stream = video_->index;
  track.runs = {{true, 0, source_.index.frame_ticks.front(), INT64_MAX, false}};
  file_.add_track(std::move(track));
  out_.width = video_->video->width;
  out_.height = video_->video->height;
}

Result<void> ProcessBuilder::add_video() {
  const auto* video = source_.info.main_video();
  if (!video || !video->video || source_.index.frame_ticks.empty()) {
    VF_CHECK(refuse_picture_options());
    constexpr double kMicro = 1e6;
    file_.set_range({{1, 1'000'000}, std::llround(source_.info.start_seconds * kMicro), INT64_MAX, true});
    return {};
  }
  video_ = video;
  file_.set_range({source_.index.time_base, source_.index.frame_ticks.front(), INT64_MAX, true});
  auto pictures = VF_TRY(choose_pictures(source_, *video, options_, file_.duration_seconds()));
  burnt_ = pictures.burnt;
  if (burnt_) file_.decide(*burnt_, "subtitle", "burn", "", "it is drawn into the pictures, as asked");
  const auto reason = why_not_copied(pictures);
  if (!reason) {
    copy_video();
    return {};
  }
  if (!video->decodable)
    return fail(
        ErrorCode::unsupported_input,
        fmt::format("The video's codec '{}' is not on the list of what VideoForge reads (see `videoforge doctor`).",
                    video->codec));
  auto& wishes = pictures.wishes;
  wishes.quality = options_.quality.value_or("medium");
  wishes.encoder = VF_TRY(media::choose_video_encoder(container_.make_video, wishes.quality, "", 0));
  out_.width = wishes.made_width;
  out_.height = wishes.made_height;
  file_.decide(video->index, "video", "encode", fmt::format("{} {}x{}", container_.make_video, out_.width, out_.height),
               *reason);
  return file_.add_encoded_video(*video, wishes);
}

std::string ProcessBuilder::prove(const std::string& file_stage) {
  media::verify::FileSpec spec;
  spec.stream_index = video_ ? video_->index : -1;
  spec.time_base = file_.range().base;
  spec.origin = file_.range().origin;
  spec.end = file_.range().end;
  spec.speed = speed_;
  spec.every_frame = !options_.fps;
  if (copied_) {
    spec.compare = media::verify::Compare::samples;
    spec.stretches = {{spec.origin, INT64_MAX, true}};
  }
  return file_.prove(spec, file_stage);
}

Result<ProcessPlan> ProcessBuilder::run() {
  file_.set_speed(speed_);
  VF_CHECK(add_video());
  VF_CHECK(file_.add_sound({options_.volume.value_or(0), options_.loudness, speed_}));
  file_.add_subtitles(burnt_);
  file_.add_chapters();
  file_.decide_the_rest();
  out_.duration_seconds = file_.duration_seconds() / speed_.value();
  out_.file_stage = VF_TRY(file_.finish());
  out_.proof_stage = prove(out_.file_stage);
  out_.plan = file_.take_plan();
  out_.decisions = file_.take_decisions();
  return std::move(out_);
}

}  // namespace

Result<void> check(const ProcessOptions& o) {
  if (!media::mux::find_container(o.container))
    return fail(
        ErrorCode::invalid_argument,
        fmt::format("A file of the kind '{}' is not written; name it .mp4, .mov, .mkv, .webm or .ts.", o.container));
  if (o.quality && *o.quality != "low" && *o.quality != "medium" && *o.quality != "high")
    return fail(ErrorCode::invalid_argument,
                fmt::format("The quality '{}' is not known. Choose from low, medium, high.", *o.quality));
  if (o.scale) VF_TRY(scale_box(*o.scale));
  if (o.crop && (std::min(o.crop->width, o.crop->height) < kLeastCrop || o.crop->x < 0 || o.crop->y < 0 ||
                 std::max({o.crop->width, o.crop->height, o.crop->x, o.crop->y}) > kMostCrop))
    return fail(ErrorCode::invalid_argument, "The crop must be at least 16x16 and lie inside the picture.");
  if (o.burn_file && o.burn_language)
    return fail(ErrorCode::invalid_argument, "Subtitles are drawn from the film or from a file, not from both.");
  VF_CHECK(within(o.speed, kSlowest, kFastest, "The speed"));
  VF_CHECK(within(o.fps, 1, kMostFps, "The number of pictures a second"));
  VF_CHECK(within(o.volume, -kMostGain, kMostGain, "The volume"));
  VF_CHECK(within(o.loudness, -70, -5, "The loudness"));
  if (o.volume && o.loudness)
    return fail(ErrorCode::invalid_argument, "Give either --volume or --loudness: the one undoes the other.");
  for (auto filter = o.filters.begin(); filter != o.filters.end(); ++filter) {
    VF_CHECK(media::effects::check(*filter));
    if (std::find_if(o.filters.begin(), filter, [&](const auto& f) { return f.name == filter->name; }) != filter)
      return fail(ErrorCode::invalid_argument, fmt::format("The filter '{}' is named twice.", filter->name));
  }
  return {};
}

Result<ProcessPlan> plan_process(const Inspection& source, const ProcessOptions& options) {
  VF_CHECK(check(options));
  return ProcessBuilder(source, options).run();
}

}  // namespace vf::pipeline
