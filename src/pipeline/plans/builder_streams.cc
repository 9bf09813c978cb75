// Which streams are used, what becomes of the pictures, and where the film is cut.
#include <algorithm>
#include <cmath>

#include "pipeline/plans/fit.h"
#include "pipeline/plans/transcode_builder.h"

namespace vf::pipeline {
namespace {

bool is_picture_container(const std::string& container) {
  return container.ends_with("_pipe") || container == "image2";
}

std::string size_text(int width, int height) { return fmt::format("{}x{}", width, height); }

// A damaged video in a known codec and a codec that nobody reads are different news.
Error undecodable(const media::MediaInfo& info, const media::StreamInfo& video) {
  const bool damaged =
      std::ranges::find(info.warnings, "undecodable-picture", &media::Warning::code) != info.warnings.end();
  if (damaged)
    return {ErrorCode::invalid_input,
            fmt::format("Not one picture of the video ({}) can be decoded: the file is damaged.", video.codec),
            {}};
  return {ErrorCode::unsupported_input,
          fmt::format("The video's codec '{}' is not on the list of what VideoForge reads (see `videoforge doctor`).",
                      video.codec),
          {}};
}

media::Deinterlace deinterlace_for(const std::string& field_order) {
  if (field_order == "top-first") return media::Deinterlace::top_first;
  if (field_order == "bottom-first") return media::Deinterlace::bottom_first;
  return media::Deinterlace::flagged;
}

}  // namespace

double TranscodeBuilder::seconds_of(std::int64_t ticks) const {
  const auto& base = source_.index.time_base;
  return static_cast<double>(ticks) * static_cast<double>(base.num) / static_cast<double>(base.den);
}

void TranscodeBuilder::decide(int stream, std::string kind, std::string action, std::string target,
                              std::string reason) {
  out_.decisions.push_back({stream, std::move(kind), std::move(action), std::move(target), std::move(reason)});
}

Result<void> TranscodeBuilder::choose_streams() {
  const auto& info = source_.info;
  video_ = info.main_video();
  const bool still = is_picture_container(info.container) ||
                     (video_ && video_->video && video_->video->frames <= 1 && info.duration_seconds < 1);
  for (const auto& stream : info.streams) {
    if (stream.kind == "audio" && options_.audio && stream.decodable && stream.packets > 0) sounds_.push_back(&stream);
    if (stream.kind == "subtitle" && stream.text_subtitle && options_.subtitles == "keep") texts_.push_back(&stream);
  }
  if (still && sounds_.empty())
    return fail(ErrorCode::unsupported_input,
                "There is a single picture in this file, not a video; there is nothing to stream in it.");
  if (video_ && !video_->decodable) return std::unexpected(undecodable(info, *video_));
  if (video_ && video_->video && video_->video->frames == 0) video_ = nullptr;
  if (!video_ && sounds_.empty())
    return fail(ErrorCode::unsupported_input,
                "There is neither a picture nor a sound track in this file that can be streamed.");
  VF_CHECK(choose_burn());
  drop_unused();
  return {};
}

Result<void> TranscodeBuilder::choose_burn() {
  if (options_.subtitles != "burn" || options_.burn_file) return {};
  const auto wanted = options_.burn_language.value_or("");
  for (const auto& stream : source_.info.streams)
    if (stream.kind == "subtitle" && (wanted.empty() || stream.language == wanted)) {
      burn_stream_ = stream.index;
      decide(stream.index, "subtitle", "burn", "", "it is drawn into every rendition, as asked");
      return {};
    }
  std::string known;
  for (const auto& stream : source_.info.streams)
    if (stream.kind == "subtitle") known += (known.empty() ? "" : ", ") + stream.language;
  return fail(ErrorCode::invalid_argument,
              known.empty()
                  ? "There are no subtitles in this file to burn in."
                  : fmt::format("There are no subtitles in '{}' to burn in; this file has {}.", wanted, known));
}

void TranscodeBuilder::drop_unused() {
  for (const auto& stream : source_.info.streams) {
    if (&stream == video_ || burn_stream_ == stream.index) continue;
    if (std::ranges::find(sounds_, &stream) != sounds_.end() || std::ranges::find(texts_, &stream) != texts_.end())
      continue;
    std::string reason = "players have no use for it";
    if (stream.kind == "video")
      reason = stream.packets == 0 ? "it holds no picture" : "only the main video is streamed";
    if (stream.kind == "cover") reason = "it is a cover picture";
    if (stream.kind == "audio")
      reason = !options_.audio       ? "no sound was asked for"
               : stream.packets == 0 ? "it holds no sound"
                                     : fmt::format("its codec '{}' is not read", stream.codec);
    if (stream.kind == "subtitle")
      reason = options_.subtitles != "keep" ? "subtitles are not kept, as asked"
                                            : "it is made of pictures; --subtitles burn draws them into the video";
    if (stream.kind == "attachment") reason = "attachments are not streamed";
    decide(stream.index, stream.kind, "drop", "", reason);
  }
}

Result<void> TranscodeBuilder::choose_pictures() {
  if (!video_) {
    if (options_.crop || options_.watermark || options_.subtitles == "burn")
      return fail(ErrorCode::invalid_argument,
                  "There is no video in this file: crop, watermark and burnt subtitles need one.");
    return {};
  }
  const auto& v = *video_->video;
  picture_.rotation = v.rotation;
  picture_.mirrored = v.mirrored;
  picture_.sample_aspect = v.sample_aspect;
  if (v.field_order != "progressive") picture_.deinterlace = deinterlace_for(v.field_order);
  picture_.crop = options_.crop;
  picture_.watermark = options_.watermark;
  if (burn_stream_) picture_.burn = media::BurnSubtitles{*burn_stream_, false};
  if (options_.burn_file) picture_.burn = media::BurnSubtitles{0, true};
  int width = v.display_width;
  int height = v.display_height;
  if (const auto& crop = options_.crop) {
    if (crop->x + crop->width > width || crop->y + crop->height > height)
      return fail(ErrorCode::invalid_argument,
                  fmt::format("The crop {}+{}+{} reaches outside the picture of {}.",
                              size_text(crop->width, crop->height), crop->x, crop->y, size_text(width, height)));
    width = crop->width;
    height = crop->height;
  }
  const auto rungs = VF_TRY(choose_rungs(width, height, options_.ladder));
  for (const auto& codec : options_.codecs)
    for (const auto& rung : rungs) choose_rung(rung, codec, codec == options_.codecs.front());
  return {};
}

std::optional<std::string> TranscodeBuilder::why_no_copy(const Rung& rung, const std::string& codec,
                                                         std::int64_t cap) const {
  if (!options_.copy) return "copying is switched off";
  if (options_.crop || options_.watermark || options_.subtitles == "burn") return "its pictures are changed, as asked";
  if (auto reason = why_not_copied(*video_, rung, codec, cap)) return reason;
  const auto& index = source_.index;
  if (index.key_ticks.empty() || index.key_ticks.front() != index.frame_ticks.front())
    return "it does not begin with a key frame";
  if (options_.clip) {
    // A group of pictures is copied whole or not at all: the ones before a cut may need the ones behind it.
    const auto range = clip_ticks();
    const auto at_key = [&](std::int64_t ticks) {
      const auto frame = std::ranges::lower_bound(index.frame_ticks, ticks);
      return frame == index.frame_ticks.end() || std::ranges::binary_search(index.key_ticks, *frame);
    };
    if (!at_key(range.from)) return "the clip does not begin at a key frame";
    if (!at_key(range.to)) return "the clip does not end at a key frame";
  }
  return std::nullopt;
}

void TranscodeBuilder::choose_rung(const Rung& rung, const std::string& codec, bool first_codec) {
  PlannedVideo video;
  video.name = first_codec ? rung.name : rung.name + "_" + codec;
  video.file = "video_" + video.name + ".mp4";
  video.rung = rung;
  video.codec = codec;
  video.max_bit_rate = static_cast<std::int64_t>(static_cast<double>(rung.max_bit_rate) * cap_factor(codec));
  const auto reason = why_no_copy(rung, codec, video.max_bit_rate);
  video.copied = !reason;
  const bool own_size = rung.width == video_->video->display_width && rung.height == video_->video->display_height;
  if (video.copied)
    decide(video_->index, "video", "copy", video.name,
           fmt::format("it fits: {} {}, {:.2f} Mbit/s of at most {:.2f}", codec, size_text(rung.width, rung.height),
                       static_cast<double>(video_->bit_rate) / 1e6, static_cast<double>(video.max_bit_rate) / 1e6));
  else
    decide(video_->index, "video", "encode", video.name,
           own_size ? *reason : fmt::format("scaled to {}", size_text(rung.width, rung.height)));
  out_.videos.push_back(std::move(video));
}

TranscodeBuilder::ClipTicks TranscodeBuilder::clip_ticks() const {
  const auto& index = source_.index;
  if (!options_.clip) return ClipTicks{INT64_MIN, INT64_MAX};
  const auto ticks = [&](double seconds) {
    return index.first_ticks + std::llround(seconds / std::max(1e-12, seconds_of(1)));
  };
  return ClipTicks{options_.clip->from > 0 ? ticks(options_.clip->from) : INT64_MIN,
                   options_.clip->to > 0 ? ticks(options_.clip->to) : INT64_MAX};
}

Result<void> TranscodeBuilder::cut() {
  const auto& info = source_.info;
  if (!video_) {
    out_.start_seconds = info.start_seconds + (options_.clip ? options_.clip->from : 0);
    const double end = options_.clip && options_.clip->to > 0 ? std::min(options_.clip->to, info.duration_seconds)
                                                              : info.duration_seconds;
    out_.duration_seconds = end - (options_.clip ? options_.clip->from : 0);
    if (out_.duration_seconds > 0) return {};
  } else {
    const auto range = clip_ticks();
    const bool copies = std::ranges::any_of(out_.videos, &PlannedVideo::copied);
    out_.cutting = pipeline::cut(source_.index, range.from, range.to, copies, watched_since_.has_value());
    timescale_ = timescale_for(source_.index.time_base);
    out_.start_seconds = seconds_of(out_.cutting.origin);
    out_.duration_seconds = seconds_of(out_.cutting.end - out_.cutting.origin);
    if (!out_.cutting.chunks.empty()) return {};
  }
  return fail(ErrorCode::invalid_argument,
              fmt::format("The clip lies outside the film, which is {:.2f} s long.", info.duration_seconds));
}

bool TranscodeBuilder::take_source_as_it_is() {
  if (!video_ || why_not_played(*video_)) return false;
  const auto& index = source_.index;
  if (index.key_ticks.empty() || index.key_ticks.front() != index.frame_ticks.front()) return false;
  head_ = true;
  const auto& v = *video_->video;
  PlannedVideo video;
  video.name = "source";
  video.file = std::string(kHeadPrefix) + "video.mp4";
  video.rung = {"source", v.width, v.height, video_->peak_bit_rate, v.width, v.height};
  video.codec = video_->codec;
  video.max_bit_rate = std::max(video_->peak_bit_rate, video_->bit_rate);
  video.copied = true;
  out_.videos.push_back(std::move(video));
  return true;
}

// The beginning by itself, to be watched at once, and the rest in a few pieces: each chunk would start a process
// for no work.
void TranscodeBuilder::join_chunks() {
  constexpr std::size_t kPieces = 6;
  auto& chunks = out_.cutting.chunks;
  if (chunks.size() <= kPieces + 1) return;
  const std::size_t rest = chunks.size() - 1;
  std::vector<Chunk> joined{std::move(chunks[0])};
  for (std::size_t i = 0; i < rest; ++i) {
    auto& chunk = chunks[i + 1];
    if (joined.size() == 1 + i * kPieces / rest) {
      joined.push_back(std::move(chunk));
      continue;
    }
    auto& piece = joined.back();
    piece.end = chunk.end;
    piece.frames += chunk.frames;
    piece.segment_starts.insert(piece.segment_starts.end(), chunk.segment_starts.begin(), chunk.segment_starts.end());
  }
  chunks = std::move(joined);
}

}  // namespace vf::pipeline
