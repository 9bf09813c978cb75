// From one decoded frame to the pictures of every target, each scaled from the next larger one.
//
//   chain.push(frame);                       // null at the end of the stream
//   while (VF_TRY(chain.pull()))             // usually once per push; the deinterlacer is one late
//     for (t...) use(chain.picture(t));
//
// A change of size or format in mid-stream is followed without a word. Integer arithmetic only, so
// the same frame gives the same bytes on every machine. Single-threaded, not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "base/error.h"
#include "media/scale/picture_spec.h"

struct AVFrame;

namespace vf::media {

// What the chain reads besides frames. The descriptors are the caller's; -1 = absent.
struct PictureResources {
  int watermark_fd = -1;   // PNG, JPEG or WebP
  int subtitle_fd = -1;    // a file that holds the stream named by PictureSpec::burn
  int font_fd = -1;        // TrueType or OpenType font for text without one of its own
  int decode_threads = 1;  // of the source that the pictures come from
};

// The clock of the frames that will be pushed.
struct PictureClock {
  Rational time_base{1, 1};
  std::int64_t origin_ticks = 0;  // what is time 0 of the result
};

class PictureChain {
 public:
  // Errors: invalid_argument (a spec or target that makes no sense), invalid_input (the watermark or
  // the subtitles cannot be read).
  static Result<PictureChain> create(const PictureSpec& spec, const PictureClock& clock,
                                     std::span<const Target> targets, const PictureResources& resources = {});

  PictureChain(PictureChain&&) noexcept;
  PictureChain& operator=(PictureChain&&) noexcept;
  ~PictureChain();

  // Takes a reference to the frame's picture; null says that no more frames come. A deinterlacing
  // chain must see every frame in order, any other may be given a selection.
  Result<void> push(const AVFrame* frame);

  // Makes the next picture of every target; false when another frame is needed (or all is done).
  Result<bool> pull();

  // The picture of a target, valid until the next pull(): take av_frame_ref() to keep it, and do not
  // write into it. Time stamp and duration are the source frame's; colour tags are set; square pixels.
  AVFrame* picture(std::size_t target) const;

 private:
  struct State;
  explicit PictureChain(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace vf::media
