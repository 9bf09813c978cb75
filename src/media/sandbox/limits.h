// What one sandboxed child may use. The child sets what the kernel holds for it (processor time,
// file size); the parent watches the rest and kills at the cap (see child.h).
#pragma once

#include <cstdint>

#include <boost/describe/class.hpp>

namespace vf::media {

struct Limits {
  std::int64_t memory_bytes = std::int64_t{4} << 30;   // resident and swapped; held by the parent
  double cpu_seconds = 4 * 3600.0;                     // all threads together
  double wall_seconds = 2 * 3600.0;                    // from the spawn
  std::int64_t output_bytes = std::int64_t{64} << 30;  // each file by the kernel, their sum by the parent
  int max_threads = 256;
  std::int64_t control_line_bytes = std::int64_t{4} << 20;     // one line on the control channel
  std::int64_t control_total_bytes = std::int64_t{256} << 20;  // all lines, and all of stderr
  int control_lines = 100'000;
  int nice = 0;  // how much nicer than the nursery
};
BOOST_DESCRIBE_STRUCT(Limits, (),
                      (memory_bytes, cpu_seconds, wall_seconds, output_bytes, max_threads, control_line_bytes,
                       control_total_bytes, control_lines, nice))

// Every cap is a positive number.
constexpr bool valid(const Limits& l) {
  return l.memory_bytes > 0 && l.cpu_seconds > 0 && l.wall_seconds > 0 && l.output_bytes > 0 && l.max_threads > 0 &&
         l.control_line_bytes > 0 && l.control_total_bytes > 0 && l.control_lines > 0 && l.nice >= 0;
}

}  // namespace vf::media
