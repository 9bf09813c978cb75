// Where a video can be cut without encoding: found by looking at its packets near both ends.
#pragma once

#include <cstdint>
#include <string>

#include "base/error.h"
#include "base/json.h"
#include "base/rational.h"

namespace vf::media::cut {

// Ticks of the stream's time base. `from` and `to` are times of pictures that are shown: the first one
// wanted and the first one no longer wanted (INT64_MAX: the end).
struct CutSpec {
  int stream_index = 0;
  Rational time_base;
  std::int64_t from = 0;
  std::int64_t to = 0;
  bool exact = false;  // copy only what lies inside; else everything that is wanted, and a little more
};
BOOST_DESCRIBE_STRUCT(CutSpec, (), (stream_index, time_base, from, to, exact))

struct CutPoints {
  bool copies = false;           // there is a stretch that can be copied
  std::int64_t copy_first = 0;   // time of the key frame with which it begins
  std::int64_t copy_until = 0;   // time of the packet, in decode order, at which it ends; INT64_MAX: the end
  std::int64_t shown_until = 0;  // first picture that is no longer shown from it; INT64_MAX: the end
  bool open_start = false;       // pictures shown before the key frame refer to it and to what lies before
  bool fresh_start = false;      // the key frame does not reset a decoder by itself
  int free_parameter_set = 1;    // H.264: an identifier that the source does not use
  std::string mismatch;          // what speaks against joining edges to it; empty: nothing
};
BOOST_DESCRIBE_STRUCT(CutPoints, (),
                      (copies, copy_first, copy_until, shown_until, open_start, fresh_start, free_parameter_set,
                       mismatch))

// Errors: as PacketSource; invalid_input (packets without times).
Result<CutPoints> find_cut_points(int fd, const CutSpec& spec);

}  // namespace vf::media::cut
