// A written video chunk as a player meets it: strictly decoded, nothing repaired. Internal to the room.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"

struct AVFrame;

namespace vf::media::verify {

class WrittenVideo {
 public:
  // `parts`: the header, then the chunk. Errors: whatever keeps it from being decoded at all.
  static Result<WrittenVideo> open(const std::vector<int>& parts);
  WrittenVideo(WrittenVideo&&) noexcept;
  WrittenVideo& operator=(WrittenVideo&&) noexcept;
  ~WrittenVideo();

  // Decodes on to the picture with this time (ticks of the track); null where there is none. Ask in
  // ascending order. The frame is valid until the next call.
  const AVFrame* advance_to(std::int64_t pts);
  void finish();  // decodes what is left

  // Of all pictures so far, in the order in which they came out.
  const std::vector<std::int64_t>& times() const;
  const std::vector<std::int64_t>& key_times() const;
  int decode_errors() const;
  int width() const;
  int height() const;
  bool size_changes() const;

 private:
  struct State;
  explicit WrittenVideo(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace vf::media::verify
