// Where the packets of one track of a file come from. Internal to mux.
//
// A feed hands out packets in decode order, in ticks of its own time base, counted from the result's
// time 0. One thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "media/av/input.h"
#include "media/av/ptr.h"
#include "media/cut/edge.h"
#include "media/mux/mux_spec.h"

namespace vf::media::mux {

struct ParametersFree {
  void operator()(AVCodecParameters* p) const { avcodec_parameters_free(&p); }
};
using ParametersPtr = std::unique_ptr<AVCodecParameters, ParametersFree>;

// A copy, without the tag that another container gave it. Errors: no_memory.
Result<ParametersPtr> copy_parameters(const AVCodecParameters& from);

class Feed {
 public:
  virtual ~Feed() = default;
  virtual AVCodecParameters* parameters() = 0;
  virtual Rational time_base() const = 0;
  // The stream's own display matrix and light; null where there is none of it.
  virtual const AVStream* described_by() const { return nullptr; }
  // False at the end.
  virtual Result<bool> next(AVPacket* packet) = 0;
};

using FeedPtr = std::unique_ptr<Feed>;

// A stretch of time on the source's clock.
struct Range {
  Rational base;
  std::int64_t origin = 0;
  std::int64_t end = INT64_MAX;
  std::int64_t origin_in(Rational other) const { return rescale(origin, base, other); }
  std::int64_t end_in(Rational other) const { return end == INT64_MAX ? INT64_MAX : rescale(end, base, other); }
};

// Sound, subtitles or a video that is kept whole. `early`: packets that begin before the range and are
// heard in it, and those that a decoder needs before them, are kept with negative times.
Result<FeedPtr> make_copy_feed(int fd, int stream, const Range& range, bool early);

// An edge as the stage `edge` left it.
struct EdgeBlob {
  int fd = -1;
  cut::EdgeResult description;
};

// A cut video. `shown` are the times of its pictures, ascending; `edges` by number of the input.
struct CutFeedInput {
  int fd = -1;
  int stream = -1;
  Range range;
  std::vector<Run> runs;
  std::vector<std::pair<int, EdgeBlob>> edges;
  std::vector<std::int64_t> shown;
  int reorder = 0;  // pictures by which decoding may run ahead, as the source says
};
Result<FeedPtr> make_cut_feed(CutFeedInput input);

// A track of our own, in parts.
Result<FeedPtr> make_track_feed(const std::vector<int>& parts);

// WebVTT of our own as packets of another text codec.
Result<FeedPtr> make_text_feed(int fd, const std::string& codec);

}  // namespace vf::media::mux
