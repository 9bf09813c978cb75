// The few facts of a coded packet that its container does not tell.
#pragma once

#include <cstdint>
#include <span>

namespace vf::media {

// Frames that decoding this packet shows: 0 for a VP8 or VP9 packet that only prepares a reference
// (RFC 6386 9.1, VP9 bitstream specification 6.2 and annex B), 1 for every other codec.
// `codec_id` is an AVCodecID.
int shown_frames(int codec_id, std::span<const std::uint8_t> packet);

// A hash of the sequence and picture parameter sets in an H.264 or HEVC packet, Annex B or length-prefixed
// (`nal_length_size` 1, 2 or 4; 0 = Annex B); 0 when the packet carries none.
std::uint64_t parameter_set_hash(int codec_id, std::span<const std::uint8_t> packet, int nal_length_size);

// Whether an H.264 or HEVC packet begins with an access unit that decoding can start at: an IDR or IRAP
// picture, or one behind a recovery point. False for other codecs.
bool decoding_may_start(int codec_id, std::span<const std::uint8_t> packet, int nal_length_size);

}  // namespace vf::media
