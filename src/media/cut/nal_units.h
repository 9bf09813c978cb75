// The little of H.264 and HEVC that joining needs: what kind of key frame a packet is, which parameter
// sets a stream has, and the byte stream form (Annex B of ITU-T H.264 and H.265).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/error.h"
#include "media/av/ptr.h"

namespace vf::media::cut {

using Bytes = std::vector<std::uint8_t>;
using View = std::span<const std::uint8_t>;

enum class KeyKind {
  resets,       // a decoder forgets everything before it (IDR, key frames of other codecs)
  needs_reset,  // it does so only where the sequence before was ended (HEVC: CRA)
  unusable,     // other pictures may go on referring to what lies before it (H.264: recovery points)
};

// Of a packet that is flagged as a key frame.
KeyKind key_kind(const AVCodecParameters& parameters, const AVPacket& packet);

// All parameter sets of the stream's description as a byte stream; empty for other codecs and where
// they stand in the packets alone.
Bytes parameter_sets_of(const AVCodecParameters& parameters);

// The smallest number over 0 that is the identifier of no SPS and no PPS among these; 0 for codecs other
// than H.264, -1 where none is free (sequence parameter sets have 32, ITU-T H.264 7.4.2.1.1).
int free_h264_identifier(const AVCodecParameters& parameters, View sets);

// The packet as a byte stream. Errors: invalid_input (lengths that reach past its end).
Result<void> to_byte_stream(const AVCodecParameters& parameters, View packet, Bytes& out);

bool has_nal_units(const AVCodecParameters& parameters);

// The NAL unit that ends a sequence: after it a key frame of HEVC starts afresh (ITU-T H.265 7.4.2.4.4).
View end_of_sequence(const AVCodecParameters& parameters);

}  // namespace vf::media::cut
