// One segment through the scheme `cbcs` (ISO/IEC 23001-7 10.4). Internal to media/package.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "media/package/cipher.h"
#include "media/package/slice_header.h"

namespace vf::media {

// The encrypted segment; `segment` (moof and mdat) is changed in place where its samples are. With
// `headers` slices are encrypted by the pattern 1:9, without them whole samples. `iv`: 16 bytes.
// Errors: invalid_input, unsupported_input (a picture of more than 42 slices).
Result<std::string> encrypt_cbcs(std::span<std::uint8_t> segment, const SliceHeaders* headers, Cipher& cipher,
                                 std::string_view iv);

}  // namespace vf::media
