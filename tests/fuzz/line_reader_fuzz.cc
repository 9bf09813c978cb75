// The control channel's reader over any bytes in any pieces: it hands over exactly the lines that are
// there, or stops at a bound. The first byte is the size of the pieces, the second the longest line.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "media/sandbox/line_reader.h"

namespace {

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> lines;
  for (std::size_t end; (end = text.find('\n')) != std::string_view::npos; text.remove_prefix(end + 1))
    lines.emplace_back(text.substr(0, end));
  return lines;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  vf::media::Limits limits;
  limits.control_line_bytes = 1 + data[1];
  limits.control_total_bytes = 4096;
  limits.control_lines = 64;
  const std::size_t piece = 1 + data[0];
  const std::string_view text(reinterpret_cast<const char*>(data + 2), size - 2);

  vf::media::sandbox::LineReader reader(limits);
  std::vector<std::string> seen;
  bool whole = true;
  for (std::size_t at = 0; at < text.size(); at += piece)
    whole = reader.feed(text.substr(at, piece), [&](std::string_view line) { seen.emplace_back(line); });

  const auto expected = split(text);
  if (whole && seen != expected) std::abort();
  if (whole != reader.breach().empty()) std::abort();
  if (seen.size() > 64 || seen.size() > expected.size()) std::abort();
  for (std::size_t i = 0; i < seen.size(); ++i)
    if (seen[i] != expected[i] || seen[i].size() > static_cast<std::size_t>(limits.control_line_bytes)) std::abort();
  return 0;
}
