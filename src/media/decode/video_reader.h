// The pictures of one video stream, in the order in which they are shown.
//
// What a reader delivers between two times does not depend on where it started: a reader that starts
// in the middle seeks to a key frame from which every wanted picture decodes exactly, and drops the
// pictures before. Leading pictures of an open GOP (ISO/IEC 23008-2 3.70, H.264 recovery points) are
// therefore never shown half decoded. Pictures outside an edit list are dropped as well.
//
// Owner: the caller keeps the descriptor open as long as the reader lives. Not thread-safe. Time
// stamps are ticks of the stream's time base.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/error.h"
#include "base/rational.h"

struct AVFrame;
struct AVStream;

namespace vf::media {

struct VideoReaderOptions {
  std::optional<std::int64_t> start_ticks = {};  // first wanted time; empty = the beginning
  std::optional<std::int64_t> end_ticks = {};    // pictures with pts >= this are not wanted
  // Deliver one picture before the start and one after the end too (a deinterlacer looks at its
  // neighbours); the caller tells them by their time stamps.
  bool neighbours = false;
  bool key_frames_only = false;     // decode nothing but key frames
  bool skip_non_reference = false;  // leave out pictures that no other picture needs
  // Deliver exactly the pictures with these times (ascending); what none of them needs is not decoded.
  std::vector<std::int64_t> only = {};
  int lowres = 0;                           // decode at 1/2^lowres size where the codec can; else full size
  int threads = 1;                          // more end sooner, where they change nothing of the result
  std::int64_t max_pixels = 8192LL * 8192;  // larger pictures end with limit_exceeded
  std::vector<int> parts = {};              // as av::InputOptions::parts: a blob of our own in pieces
};

// What the reader met on its way, for warnings.
struct VideoReaderStats {
  std::int64_t delivered = 0;
  std::int64_t decode_errors = 0;    // packets that the decoder refused
  std::int64_t corrupt_frames = 0;   // delivered with damage concealed
  std::int64_t damaged_packets = 0;  // skipped by the demuxer or flagged by it
  std::int64_t duplicates = 0;       // dropped: time stamp not above the last one
  std::int64_t repaired_times = 0;   // had no time stamp: it was worked out from the neighbours
};

class VideoReader {
 public:
  // `stream_index` -1 is the main video (the default one that is no cover). Errors: as av::Input::open;
  // not_found (no such video stream), unsupported_input (the codec), limit_exceeded (the picture size).
  static Result<VideoReader> create(int fd, int stream_index, const VideoReaderOptions& options = {});

  VideoReader(VideoReader&&) noexcept;
  VideoReader& operator=(VideoReader&&) noexcept;
  ~VideoReader();

  // The next picture, or null at the end. `pts` is set and strictly increasing; the duration
  // (AVFrame::pkt_duration) is set where it can be guessed, else 0. The frame is the reader's and valid until the
  // next call: av_frame_ref() keeps its picture. Size and format may change from frame to frame.
  // Damage is no error: it is counted and reading goes on.
  Result<AVFrame*> next();

  // Goes to another place: the next pictures are those from `start` on, before `end`, and of those only
  // the ones in `only` where it is not empty. The file stays open, and counting goes on.
  Result<void> move_to(std::int64_t start, std::int64_t end, std::vector<std::int64_t> only);

  const VideoReaderStats& stats() const;
  int stream_index() const;
  Rational time_base() const;
  const AVStream* stream() const;  // for code inside src/media

 private:
  struct State;
  explicit VideoReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace vf::media
