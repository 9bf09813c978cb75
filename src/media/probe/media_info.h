// Everything VideoForge knows about a media file: the JSON of `videoforge probe`, and what planners
// read. Times are seconds as double where a person reads them, ticks where exactness matters.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/rational.h"

namespace vf::media {

// Mastering display colour volume (SMPTE ST 2086) and content light level (CTA-861.3).
struct HdrMetadata {
  std::vector<double> display_primaries;  // rx, ry, gx, gy, bx, by, wx, wy: CIE 1931 xy; empty = absent
  double min_luminance = 0;               // cd/m2
  double max_luminance = 0;               // cd/m2
  int max_cll = 0;                        // cd/m2, 0 = absent
  int max_fall = 0;                       // cd/m2, 0 = absent
};
BOOST_DESCRIBE_STRUCT(HdrMetadata, (), (display_primaries, min_luminance, max_luminance, max_cll, max_fall))

struct ColorInfo {
  std::string range;      // "limited", "full" or "unknown"
  std::string primaries;  // libav's names: "bt709", "bt2020", "unknown" ...
  std::string transfer;
  std::string matrix;
  std::string hdr;  // "sdr", "hdr10", "hlg", "dolby-vision"
  std::optional<HdrMetadata> mastering;
};
BOOST_DESCRIBE_STRUCT(ColorInfo, (), (range, primaries, transfer, matrix, hdr, mastering))

// The coded order of key frames. `closed` is false where a packet after a key frame is shown before it.
struct GopInfo {
  int key_frames = 0;
  double mean_seconds = 0;
  double max_seconds = 0;
  bool closed = true;
  bool constant_parameter_sets = true;  // no new extradata or changed size on the way
  int b_frame_depth = 0;                // libav's has_b_frames
};
BOOST_DESCRIBE_STRUCT(GopInfo, (),
                      (key_frames, mean_seconds, max_seconds, closed, constant_parameter_sets, b_frame_depth))

struct VideoInfo {
  int width = 0;  // coded samples, before rotation and sample aspect
  int height = 0;
  Rational sample_aspect{1, 1};
  int display_width = 0;  // square pixels, after rotation
  int display_height = 0;
  int rotation = 0;       // degrees clockwise to show it upright: 0, 90, 180, 270
  bool mirrored = false;  // horizontally, before the rotation
  Rational nominal_rate;  // libav's r_frame_rate
  Rational average_rate;  // frames / duration
  bool variable_rate = false;
  std::string pixel_format;
  int bit_depth = 8;
  std::string chroma;  // "4:2:0", "4:2:2", "4:4:4", "4:1:1", "rgb", "gray" ...
  bool has_alpha = false;
  std::string field_order;  // "progressive", "top-first", "bottom-first"
  ColorInfo color;
  GopInfo gop;
  std::int64_t frames = 0;  // packets that carry a frame to show (edit list applied)
};
BOOST_DESCRIBE_STRUCT(VideoInfo, (),
                      (width, height, sample_aspect, display_width, display_height, rotation, mirrored, nominal_rate,
                       average_rate, variable_rate, pixel_format, bit_depth, chroma, has_alpha, field_order, color, gop,
                       frames))

struct LoudnessInfo {
  double integrated_lufs = 0;  // EBU R128 / ITU-R BS.1770-4
  double range_lu = 0;
  double true_peak_dbtp = 0;
};
BOOST_DESCRIBE_STRUCT(LoudnessInfo, (), (integrated_lufs, range_lu, true_peak_dbtp))

struct AudioInfo {
  int sample_rate = 0;
  int channels = 0;
  std::string layout;  // "stereo", "5.1(side)" ...
  std::string sample_format;
  std::optional<LoudnessInfo> loudness;  // on request only
};
BOOST_DESCRIBE_STRUCT(AudioInfo, (), (sample_rate, channels, layout, sample_format, loudness))

struct StreamInfo {
  int index = 0;          // libav's stream index: what stages are told
  std::string kind;       // "video", "audio", "subtitle", "attachment", "data", "cover"
  std::string codec;      // libav's codec name: "h264"
  std::string codec_tag;  // "avc1", "hvc1" ... as found; may be empty
  std::string profile;
  int level = 0;           // as the codec writes it: 40 = 4.0 for H.264; 0 = unknown
  bool decodable = false;  // on the allow-list and present in this build
  Rational time_base;
  double start_seconds = 0;
  double duration_seconds = 0;
  std::int64_t start_ticks = 0;  // first presentation time stamp, of time_base
  std::int64_t packets = 0;
  std::int64_t bytes = 0;
  std::int64_t bit_rate = 0;       // mean, bit/s
  std::int64_t peak_bit_rate = 0;  // highest second, bit/s
  std::string language;            // BCP 47 or ISO 639-2 as found, "und" when absent
  std::string title;
  bool is_default = false;
  bool is_forced = false;
  bool text_subtitle = false;  // can become WebVTT
  std::optional<VideoInfo> video;
  std::optional<AudioInfo> audio;
};
BOOST_DESCRIBE_STRUCT(StreamInfo, (),
                      (index, kind, codec, codec_tag, profile, level, decodable, time_base, start_seconds,
                       duration_seconds, start_ticks, packets, bytes, bit_rate, peak_bit_rate, language, title,
                       is_default, is_forced, text_subtitle, video, audio))

struct ChapterInfo {
  double start_seconds = 0;
  double end_seconds = 0;
  std::string title;
};
BOOST_DESCRIBE_STRUCT(ChapterInfo, (), (start_seconds, end_seconds, title))

// An edit of the ISO base media file format (ISO/IEC 14496-12 8.6.6).
struct EditInfo {
  int stream_index = 0;
  double media_seconds = 0;  // -1 = an empty edit
  double duration_seconds = 0;
};
BOOST_DESCRIBE_STRUCT(EditInfo, (), (stream_index, media_seconds, duration_seconds))

struct AttachmentInfo {
  int stream_index = 0;
  std::string name;
  std::string mime;
  std::int64_t bytes = 0;
};
BOOST_DESCRIBE_STRUCT(AttachmentInfo, (), (stream_index, name, mime, bytes))

struct Warning {
  std::string code;     // stable, for machines: "truncated", "variable-frame-rate" ...
  std::string message;  // a sentence
};
BOOST_DESCRIBE_STRUCT(Warning, (), (code, message))

struct MediaInfo {
  std::string container;  // "mp4", "mov", "matroska", "webm", "mpegts" ...
  std::string container_long;
  std::int64_t bytes = 0;
  double duration_seconds = 0;
  double start_seconds = 0;
  std::int64_t bit_rate = 0;
  std::optional<bool> faststart;   // mp4 and mov only: the index stands before the media
  std::optional<bool> fragmented;  // mp4 and mov only
  std::vector<StreamInfo> streams;
  std::vector<ChapterInfo> chapters;
  std::vector<EditInfo> edits;
  std::vector<AttachmentInfo> attachments;
  std::vector<Warning> warnings;

  // The stream a player shows: the default video that is no cover, else the first; null without one.
  const StreamInfo* main_video() const;
};
BOOST_DESCRIBE_STRUCT(MediaInfo, (),
                      (container, container_long, bytes, duration_seconds, start_seconds, bit_rate, faststart,
                       fragmented, streams, chapters, edits, attachments, warnings))

// What the planner needs of the packets and nobody wants to read: written beside the MediaInfo.
struct VideoIndex {
  int stream_index = -1;  // -1: the file has no video
  Rational time_base;
  std::vector<std::int64_t> key_ticks;    // presentation times of key frames, ascending
  std::int64_t first_ticks = 0;           // first presentation time of a frame that is shown
  std::int64_t end_ticks = 0;             // end of the last one
  std::vector<std::int64_t> frame_ticks;  // every frame's presentation time, ascending
};
BOOST_DESCRIBE_STRUCT(VideoIndex, (), (stream_index, time_base, key_ticks, first_ticks, end_ticks, frame_ticks))

}  // namespace vf::media
