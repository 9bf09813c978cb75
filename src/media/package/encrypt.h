// Encryption of finished tracks (AES-128). A chunk goes in and a new one comes out; the clear chunk
// stays the checkpoint it was. Memory is bounded by one segment.
//
//   cbcs    ISO/IEC 23001-7 10.4, for HLS and DASH: AES-CBC, constant IV. Video: pattern 1:9 over the
//           slice data of H.264 and HEVC, with NAL and slice headers clear. Audio: whole samples.
//   aes128  RFC 8216 4.3.2.4, for HLS only: every segment whole, AES-CBC with PKCS7 padding, an IV of
//           its own; the header stays clear and has no index (HeaderOptions::index = false).
//
// The sample tables of an encrypted track are clear: sizes and times are not secret.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "media/package/presentation.h"
#include "media/package/track.h"

namespace vf::media {

struct Encryption {
  EncryptionScheme scheme = EncryptionScheme::cbcs;
  std::string key;     // 32 hex digits
  std::string key_id;  // 32 hex digits (cbcs)
  std::string iv;      // 32 hex digits; for aes128 each track wants its own
};

// The IV of the segment with this number, counted from 0 over the whole track: `iv` plus the number,
// as 128-bit big-endian hex (aes128). The IV itself where it is malformed.
std::string segment_iv(const std::string& iv, std::uint64_t segment);

// The format of a track once encrypted: for cbcs its sample entry becomes encv or enca with sinf.
// Errors: unsupported_input (cbcs of a video codec other than H.264 and HEVC), invalid_argument.
Result<TrackFormat> encrypted_format(const TrackFormat& format, const Encryption& encryption);

// Reads the fragments of `chunk` from `in_fd`, where the blob begins at offset 0, and appends the
// encrypted ones to `out_fd`. `first_segment` is the number of the chunk's first segment in the track,
// from 0. The result has the new offsets and sizes. Errors: as above; invalid_input (the blob is not
// what the chunk says); what the descriptors say.
Result<TrackChunk> encrypt_chunk(int in_fd, const TrackChunk& chunk, const Encryption& encryption,
                                 std::uint64_t first_segment, int out_fd);

}  // namespace vf::media
