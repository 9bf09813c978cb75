// From the byte stream of H.264 and HEVC encoders and transport streams (start codes, Annex B of
// ITU-T H.264 and H.265) to the length-prefixed NAL units of ISO/IEC 14496-15.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/error.h"

namespace vf::media {

enum class NalCodec { h264, hevc };

// True where the packets of a stream with this extradata are byte streams (Annex B), false where they
// carry lengths. Ask the extradata, never a packet: the length 00 00 01 xx looks like a start code.
bool is_annexb(std::span<const std::uint8_t> extradata);

struct AnnexBOptions {
  // Parameter sets stand in the sample entry ("avc1", "hvc1"); copies inside samples are forbidden there.
  bool drop_parameter_sets = true;
};

// Replaces `out` (reuse it: it keeps its capacity) by the access unit with 4-byte lengths. Access unit
// delimiters, filler data and end-of-sequence marks are dropped, SEI is kept. Safe on any bytes.
// Errors: invalid_input (no start code at all, or nothing of the picture left).
Result<void> annexb_to_lengths(NalCodec codec, std::span<const std::uint8_t> bytes, std::vector<std::uint8_t>& out,
                               const AnnexBOptions& options = {});

}  // namespace vf::media
