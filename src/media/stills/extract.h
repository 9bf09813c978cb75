// Frames as members of a ZIP archive: a piece of the archive that stands for itself, so that pieces can
// be made side by side and joined by writing them one after the other.
#pragma once

#include <functional>
#include <string>

#include "base/error.h"
#include "base/rational.h"
#include "media/stills/frame_list.h"
#include "media/stills/still.h"

namespace vf::media::stills {

// How members are named: frame_000123_00-00-04.100.jpg, the index among all frames of the source and
// the time since the first one.
struct Naming {
  int digits = 6;  // of the index, so that names sort
  std::string extension = "jpg";
  Rational time_base;
  std::int64_t origin_ticks = 0;  // the first frame: time 0

  double seconds(std::int64_t ticks) const;
  std::string name(std::int64_t index, std::int64_t ticks) const;
};
BOOST_DESCRIBE_STRUCT(Naming, (), (digits, extension, time_base, origin_ticks))

struct ExtractSpec {
  int stream_index = 0;
  FrameList frames;
  StillSpec still;
  Naming naming;
  int encoders = 0;  // threads beside the decoder's own; 0 = it encodes itself. Never changes the bytes
};
BOOST_DESCRIBE_STRUCT(ExtractSpec, (), (stream_index, frames, still, naming, encoders))

// One member of the piece.
struct ExtractedFrame {
  std::int64_t index = 0;
  std::int64_t ticks = 0;
  bool key = false;
  bool damaged = false;     // the decoder had to conceal something
  std::int64_t offset = 0;  // of its bytes in the piece
  std::int64_t size = 0;
  std::uint32_t crc = 0;
};

struct Extracted {
  std::int64_t wanted = 0;
  std::int64_t frames = 0;
  // ExtractedFrame's members in its order, six numbers and a line's end each: a long film has hundreds of
  // thousands of them, which as JSON values would fill the memory.
  std::string rows;
  std::vector<std::int64_t> lost;  // ticks of wanted frames that did not decode
};
BOOST_DESCRIBE_STRUCT(Extracted, (), (wanted, frames, rows, lost))

std::string to_row(const ExtractedFrame& frame);
// Errors: internal (rows that are not ours).
Result<std::vector<ExtractedFrame>> frames_of(const Extracted& extracted);

// Appends the members to `out_fd`. A frame that does not decode is no error; it is listed.
Result<Extracted> extract_frames(int fd, const ExtractSpec& spec, int out_fd,
                                 const std::function<void(double)>& progress);

}  // namespace vf::media::stills
