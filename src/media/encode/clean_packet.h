// Takes out of encoded packets what does not belong into CMAF samples. Internal to encode.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "media/package/annexb.h"

namespace vf::media {

// Removes SEI messages of the kind "user data unregistered" (ITU-T H.264 D.1.6), in which x264 and
// x265 list their settings, from NAL units with 4-byte lengths. A unit with other messages stays.
void drop_encoder_remarks(NalCodec codec, std::vector<std::uint8_t>& sample);

// AV1: the temporal unit without its leading temporal delimiters (AV1 in ISO BMFF 2.4).
std::span<const std::uint8_t> without_temporal_delimiters(std::span<const std::uint8_t> unit);

}  // namespace vf::media
