#include "media/probe/warnings.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace vf::media {
namespace {

class Notes {
 public:
  explicit Notes(MediaInfo& info) : info_(info) {}
  template <typename... Args>
  void add(std::string_view code, fmt::format_string<Args...> text, Args&&... args) {
    info_.warnings.push_back({std::string(code), fmt::format(text, std::forward<Args>(args)...)});
  }

 private:
  MediaInfo& info_;
};

void about_completeness(const Evidence& e, const MediaInfo& info, Notes& notes) {
  const double promised = e.claimed_seconds, found = info.duration_seconds;
  const bool shorter = promised > 0 && found < promised - std::max(1.0, promised / 20);
  const auto* video = info.main_video();
  const auto lost = video ? e.claimed_video_packets - video->packets : 0;
  if (e.boxes && e.boxes->missing_bytes > 0)
    notes.add("truncated", "The file ends {} bytes before its last box does: the copy or the recording was cut off.",
              e.boxes->missing_bytes);
  else if (lost > 0)
    notes.add("truncated", "The index lists {} frames, of which {} cannot be read: the file is cut off or damaged.",
              e.claimed_video_packets, lost);
  else if (shorter)
    notes.add("duration-mismatch",
              "The header promises {:.3f} s, but the packets cover {:.3f} s; the packets are believed.", promised,
              found);
  if (promised > 0 && found > promised + std::max(1.0, promised / 20))
    notes.add("duration-mismatch",
              "The header promises {:.3f} s, but the packets cover {:.3f} s; the packets are believed.", promised,
              found);
  if (e.damaged > 0) notes.add("damaged-packets", "{} damaged packets were skipped.", e.damaged);
}

void about_streams(const Evidence& e, const MediaInfo& info, Notes& notes) {
  if (e.streams_in_file > static_cast<int>(info.streams.size()))
    notes.add("streams-capped", "The file has {} streams; the first {} were examined (max_streams).", e.streams_in_file,
              info.streams.size());
  if (e.chapters_in_file > static_cast<int>(info.chapters.size()))
    notes.add("chapters-capped", "The file has {} chapters; the first {} are kept (max_chapters).", e.chapters_in_file,
              info.chapters.size());
  if (e.text_cut)
    notes.add("metadata-capped", "Titles or names longer than {} bytes were cut (max_text_bytes).",
              e.limits->max_text_bytes);
  if (!info.main_video()) notes.add("no-video", "The file has no video.");
  if (std::ranges::none_of(info.streams, [](const auto& s) { return s.kind == "audio"; }))
    notes.add("no-audio", "The file has no sound.");
  for (const auto& s : info.streams) {
    const bool media = s.kind == "video" || s.kind == "audio" || s.kind == "subtitle";
    if (!media || s.decodable) continue;
    if (s.video && (s.video->width <= 0 || s.video->pixel_format.empty()))
      notes.add("undecodable-picture", "Stream {} ({}) holds no picture that can be decoded.", s.index, s.codec);
    else
      notes.add("undecodable-codec", "Stream {} is {} in the codec {}{}, which VideoForge does not decode.", s.index,
                s.kind, s.codec, s.codec_tag.empty() ? "" : fmt::format(" (\"{}\")", s.codec_tag));
  }
}

void about_picture(const Evidence& e, const StreamInfo& stream, Notes& notes) {
  const auto& v = *stream.video;
  if (v.width % 2 != 0 || v.height % 2 != 0)
    notes.add("odd-size", "The picture is {}x{}; sizes are made even when it is encoded.", v.width, v.height);
  if (v.sample_aspect != Rational{1, 1})
    notes.add("anamorphic", "Pixels are {}:{}; it is shown as {}x{}.", v.sample_aspect.num, v.sample_aspect.den,
              v.display_width, v.display_height);
  if (v.rotation != 0 || v.mirrored)
    notes.add("rotated", "It is shown {}turned by {} degrees clockwise.", v.mirrored ? "mirrored and " : "",
              v.rotation);
  if (v.field_order != "progressive") notes.add("interlaced", "The video is interlaced ({}).", v.field_order);
  if (v.color.hdr != "sdr")
    notes.add("hdr", "The video has a high dynamic range ({}, transfer {}).", v.color.hdr, v.color.transfer);
  if (v.frames == 1) notes.add("single-frame", "The video has a single frame: it is a still picture.");
  if (v.nominal_rate.value() > e.limits->max_frame_rate)
    notes.add("frame-rate-claim", "The file claims {:.0f} frames per second; its time stamps say {:.3f}.",
              v.nominal_rate.value(), v.average_rate.value());
  if (!v.gop.closed) notes.add("open-gop", "Frames that follow a key frame in the file are shown before it.");
  if (!v.gop.constant_parameter_sets) notes.add("changing-parameters", "Size or coding parameters change on the way.");
}

void about_time(const Evidence& e, const MediaInfo& info, const StreamInfo& stream, Notes& notes) {
  const auto& t = *e.timing;
  if (stream.video->variable_rate)
    notes.add("variable-frame-rate", "The frame rate varies; it is {:.3f} on average.",
              stream.video->average_rate.value());
  if (!e.starts_with_key)
    notes.add("no-leading-keyframe",
              "The video does not start with a key frame; what stands before the first one cannot be shown whole.");
  if (t.undecodable > 0)
    notes.add("undecodable-start", "{} frames before the first key frame cannot be decoded and are left out.",
              t.undecodable);
  if (t.repeated > 0) notes.add("repeated-timestamps", "{} frames have the time stamp of another frame.", t.repeated);
  if (t.gap) notes.add("gap", "No frame is shown for {:.3f} s from {:.3f} s on.", t.gap->seconds, t.gap->at_seconds);
  if (e.pass->frames.guessed > 0)
    notes.add("missing-timestamps", "{} frames have no presentation time; it was taken from their order.",
              e.pass->frames.guessed);
  if (stream.packets == 0) return;
  for (const auto& s : info.streams) {
    if (s.kind != "audio" || s.packets == 0) continue;
    if (const double off = s.start_seconds - stream.start_seconds; std::abs(off) > 0.1)
      notes.add("start-offset", "The sound of stream {} starts {:.3f} s {} the video.", s.index, std::abs(off),
                off > 0 ? "after" : "before");
    if (const double off = s.start_seconds + s.duration_seconds - stream.start_seconds - stream.duration_seconds;
        std::abs(off) > 1)
      notes.add("end-offset", "The sound of stream {} ends {:.3f} s {} the video.", s.index, std::abs(off),
                off > 0 ? "after" : "before");
  }
}

}  // namespace

void add_warnings(const Evidence& e, MediaInfo& info) {
  Notes notes(info);
  about_completeness(e, info, notes);
  about_streams(e, info, notes);
  if (const auto* video = info.main_video(); video && e.timing) {
    about_picture(e, *video, notes);
    about_time(e, info, *video, notes);
  }
  if (std::abs(info.start_seconds) > 0.1)
    notes.add("late-start", "The first time stamp is {:.3f} s.", info.start_seconds);
  for (const auto& s : info.streams) {
    const auto& row = e.pass->streams[static_cast<std::size_t>(s.index)];
    if (row.backward_times > 0)
      notes.add("non-monotonic", "In stream {} the decode times go back {} times.", s.index, row.backward_times);
  }
}

}  // namespace vf::media
