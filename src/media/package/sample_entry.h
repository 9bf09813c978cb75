// What the header of a track says about its codec: the entry of `stsd` and the codecs string.
// Internal to media: it takes libav's parameters.
//
// libavformat's own muxer writes the entry (avc1+avcC, hvc1+hvcC, av01+av1C, vp09+vpcC, mp4a+esds,
// Opus+dOps, ac-3+dac3, ec-3+dec3); pasp, colr, mdcv and clli are added where it leaves them out.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "media/package/track.h"
#include "media/probe/media_info.h"

struct AVCodecParameters;

namespace vf::media {

struct SampleEntryOptions {
  Rational frame_rate{0, 1};             // nominal, for manifests and for levels; 0/1 = unknown
  std::optional<HdrMetadata> mastering;  // written as mdcv and clli
  // AC-3 and E-AC-3 have no parameters outside their packets: one of them.
  std::span<const std::uint8_t> first_packet;
};

// The whole description of a track with these parameters (extradata in Annex B or in the container's
// own form). H.264 and HEVC become avc1 and hvc1: parameter sets only in the entry.
// Errors: unsupported_input (a codec that CMAF does not carry here), internal (libav refuses).
Result<TrackFormat> make_track_format(const AVCodecParameters& parameters, int timescale,
                                      const SampleEntryOptions& options = {});

// RFC 6381 string of a sample entry box: "avc1.640028", "hvc1.1.6.L93.B0", "av01.0.04M.08",
// "vp09.00.31.08", "mp4a.40.2", "opus", "ac-3", "ec-3". Empty for bytes that are none of these.
// Colour is part of the string for HDR (ISO AV1 and VP9 bindings), nowhere else.
std::string codecs_string(std::string_view entry);

}  // namespace vf::media
