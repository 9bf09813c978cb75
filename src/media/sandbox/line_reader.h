// Cuts the control channel into lines. The child may be hostile: lines, bytes and their number are
// bounded, and memory never exceeds one line.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "media/sandbox/limits.h"

namespace vf::media::sandbox {

class LineReader {
 public:
  explicit LineReader(const Limits& limits)
      : line_bytes_(limits.control_line_bytes),
        total_bytes_(limits.control_total_bytes),
        lines_(limits.control_lines) {}

  // Takes the next bytes and hands over every line they complete, without its end. A view is valid
  // during the call. False once a bound is exceeded: nothing more is handed over then.
  bool feed(std::string_view bytes, const std::function<void(std::string_view)>& on_line);

  // The bound that was exceeded, in words; empty while all is well.
  const std::string& breach() const { return breach_; }

 private:
  bool over(std::string what);

  std::int64_t line_bytes_;
  std::int64_t total_bytes_;  // still allowed
  int lines_;                 // still allowed
  std::string partial_;
  std::string breach_;
};

}  // namespace vf::media::sandbox
