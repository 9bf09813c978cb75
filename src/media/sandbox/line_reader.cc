#include "media/sandbox/line_reader.h"

#include <utility>

#include <fmt/format.h>

namespace vf::media::sandbox {

bool LineReader::over(std::string what) {
  breach_ = std::move(what);
  partial_ = {};
  return false;
}

bool LineReader::feed(std::string_view bytes, const std::function<void(std::string_view)>& on_line) {
  if (!breach_.empty()) return false;
  total_bytes_ -= static_cast<std::int64_t>(bytes.size());
  if (total_bytes_ < 0) return over("It sent more text than any stage does.");
  while (!bytes.empty()) {
    const auto end = bytes.find('\n');
    const auto piece = bytes.substr(0, end);
    if (static_cast<std::int64_t>(partial_.size() + piece.size()) > line_bytes_)
      return over(fmt::format("It sent a line of more than {} bytes.", line_bytes_));
    if (end == std::string_view::npos) {
      partial_ += piece;
      return true;
    }
    if (--lines_ < 0) return over("It sent more lines than any stage does.");
    if (partial_.empty()) {
      if (on_line) on_line(piece);
    } else {
      partial_ += piece;
      if (on_line) on_line(partial_);
      partial_.clear();
    }
    bytes.remove_prefix(end + 1);
  }
  return true;
}

}  // namespace vf::media::sandbox
