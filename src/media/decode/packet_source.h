// The packets of one stream from which every picture at or after a time decodes exactly.
//
// Internal to decode. Containers that keep an index are asked to seek; the others are read from the
// beginning, without decoding. Either way packets are looked through ahead of the decoder, so that
// decoding begins at the last key frame that is early enough, wherever the container landed.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "base/error.h"
#include "media/av/input.h"
#include "media/av/ptr.h"

namespace vf::media {

class PacketSource {
 public:
  static Result<PacketSource> open(int fd, int stream_index, const std::vector<int>& parts);

  // Positions so that the next packets start at a key frame shown at or before `start`. Without a key
  // frame before it: at the beginning.
  Result<void> begin_at(std::int64_t start);

  // Positions one key frame earlier than the last call did. False when that was the beginning.
  Result<bool> begin_earlier();

  // The next packet of the stream; false at the end.
  Result<bool> next(AVPacket* packet);

  // When the first of the packets is shown, as far as the container says; else 0.
  std::int64_t first_time() const;

  AVStream* stream() const { return input_.stream(index_); }
  int index() const { return index_; }
  int damaged() const { return damaged_before_ + input_.damaged(); }

 private:
  PacketSource(av::Input input, int fd, int index, std::vector<int> parts);

  Result<void> position(std::int64_t limit);
  Result<bool> look_ahead(std::int64_t limit, bool from_beginning);
  Result<void> rewind();
  Result<bool> read(AVPacket* packet);
  bool has_index() const;
  void discard_other_streams();

  av::Input input_;
  int fd_;
  int index_;
  std::vector<int> parts_;
  bool pristine_ = true;  // nothing was read or sought since the file was opened
  bool at_beginning_ = true;
  std::int64_t key_pts_ = 0;  // of the key frame at which the packets start
  int damaged_before_ = 0;    // counted by inputs that were closed by a rewind
  std::deque<av::PacketPtr> ahead_;
};

}  // namespace vf::media
