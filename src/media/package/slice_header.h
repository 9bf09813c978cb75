// How far the slice header of an H.264 or HEVC NAL unit reaches: `cbcs` leaves it in the clear, so that
// a decoder's front end can read it before decryption (ISO/IEC 23001-7 10.4). Internal to media/package.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "base/error.h"
#include "media/package/parse.h"

namespace vf::media {

// The bits of a NAL unit without emulation prevention bytes (ITU-T H.264 7.3.1, H.265 7.3.1.1).
// Reading past the end yields zeros and makes ok() false.
class BitReader {
 public:
  explicit BitReader(ByteView nal) : nal_(nal) {}
  std::uint32_t bit();
  std::uint32_t bits(int count);
  std::uint32_t ue();  // Exp-Golomb, 9.1
  std::int32_t se();
  int small_ue() { return static_cast<int>(ue() & 0xffff); }  // where any sane value is small
  void skip(int count) { bits(count); }
  bool ok() const { return ok_; }
  // Bytes of the NAL unit that reading has touched, emulation prevention included.
  std::size_t bytes_touched() const { return at_ + (bit_ > 0 ? 1 : 0); }

 private:
  ByteView nal_;
  std::size_t at_ = 0;
  int bit_ = 0;
  int zeros_ = 0;
  bool ok_ = true;
};

// The parameter sets of one sample entry and the slices they govern.
class SliceHeaders {
 public:
  virtual ~SliceHeaders() = default;

  // Bytes of length prefixes in the samples: 1, 2 or 4.
  int length_size() const { return length_size_; }

  // Bytes at the start of the NAL unit (its header included) that hold the slice header; nullopt for a
  // NAL unit that is no slice. Errors: invalid_input.
  virtual Result<std::optional<std::size_t>> clear_bytes(ByteView nal) const = 0;

 protected:
  int length_size_ = 4;
};

// From the body of an avcC or hvcC box. Errors: invalid_input (the record is damaged),
// unsupported_input (slice groups of H.264).
Result<std::unique_ptr<SliceHeaders>> avc_slice_headers(ByteView config);
Result<std::unique_ptr<SliceHeaders>> hevc_slice_headers(ByteView config);

}  // namespace vf::media
