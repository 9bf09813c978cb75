// How each codec is asked to encode, as tables: quality names, speed names and the settings that
// chunked, reproducible, segment-aligned encoding needs of every encoder.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "media/probe/media_info.h"
#include "media/scale/picture_spec.h"

namespace vf::media {

// What one rung's encoder is told. The caps are for the video alone, in bit/s and bit.
struct VideoEncoder {
  std::string codec = "h264";                       // h264, hevc, av1, vp9
  std::string preset = "default";                   // ours, or a name of the encoder itself (speed_names)
  double crf = 23;                                  // constant quality on the encoder's own scale
  std::int64_t max_rate = 0;                        // 0 = no cap
  std::int64_t buffer_size = 0;                     // 0 = twice the cap
  double initial_buffer = 0.9;                      // share of the buffer that is full at the start (x264, x265)
  std::map<std::string, std::string> options = {};  // more of the encoder library's own options
};
BOOST_DESCRIBE_STRUCT(VideoEncoder, (), (codec, preset, crf, max_rate, buffer_size, initial_buffer, options))

// Bounds the encoder of one chunk so that the mean of the whole film stays within `cap` (bit/s): every
// chunk starts with a rate buffer of its own, and what stands in it is spent on top of the rate. It is
// nearly full, since a chunk that starts on an empty one shows it (first picture of a hard scene: luma
// SSIM 0.71 at 0.4 of the buffer, 0.92 at 0.6, 0.97 at 0.9). Never under 0.8 of the cap: a short film of
// hard scenes may come out above it, which the report then says. Films under three seconds are one
// burst of the buffer, whose mean means nothing: they get the cap itself.
void limit_rate(VideoEncoder& encoder, std::int64_t cap, double film_seconds, int chunks);

// The encoder for a codec at a quality ("low", "medium", "high" or a number on the encoder's scale)
// and speed ("" = our default). Errors: invalid_argument (an unknown name, a number out of range),
// unsupported_input (this build of libav lacks the encoder).
Result<VideoEncoder> choose_video_encoder(std::string_view codec, std::string_view quality, std::string_view speed,
                                          std::int64_t max_rate);

// The speeds of a codec: "default" and the encoder's own. Empty for an unknown codec.
std::vector<std::string> speed_names(std::string_view codec);

// Name and version of the library behind a codec, for stage versions; empty when it is not there.
std::string encoder_version(std::string_view codec);

// Internal to encode: libav's name of the encoder and all its options for one rung. `hdr` and
// `mastering` describe a picture that keeps its light.
struct EncoderSettings {
  std::string encoder;                         // "libx264"
  std::map<std::string, std::string> options;  // for avcodec_open2
  bool own_encoder_per_segment = false;        // it cannot be told where to start a segment
};

Result<EncoderSettings> settings_for(const VideoEncoder& encoder, const Target& target, const HdrMetadata* mastering);

}  // namespace vf::media
