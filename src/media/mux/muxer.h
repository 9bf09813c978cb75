// libavformat's writers over a descriptor: one finished file, the same bytes for the same packets.
//
// The file is written at offsets, so the descriptor must be a seekable file. The index of MP4 and MOV
// is moved in front of the media at the end. Not thread-safe.
#pragma once

#include <memory>

#include "base/error.h"
#include "media/mux/containers.h"
#include "media/mux/feed.h"

namespace vf::media::mux {

class Muxer {
 public:
  // `fd` stays the caller's. Errors: unsupported_input (this build of libav lacks the writer).
  static Result<Muxer> create(int fd, const Container& container);
  Muxer(Muxer&&) noexcept;
  Muxer& operator=(Muxer&&) noexcept;
  ~Muxer();

  // A track with the feed's parameters; `source` (may be null) is where language, title, marks and
  // orientation come from, `speed` by how much faster it is than the feed. Returns its number.
  Result<int> add(Feed& feed, const AVStream* source, const std::string& language, Rational speed);

  // The film's own tags, and its chapters.
  void describe(const AVFormatContext& source);
  Result<void> add_chapters(const std::vector<ChapterInfo>& chapters);

  // Fonts and the like, for containers that hold them.
  Result<void> add_attachment(const AVStream& source);

  Result<void> begin();
  // Takes the packet's data; its times are of `base`.
  Result<void> write(int track, AVPacket* packet, Rational base);
  // The size of the file.
  Result<std::int64_t> finish();

 private:
  struct State;
  explicit Muxer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace vf::media::mux
