#include "http/server/compress.h"

#include <zlib.h>

#include <algorithm>
#include <array>

#include "http/message/fields.h"

namespace vf::http {
namespace {

constexpr auto kTypes = std::to_array<std::string_view>({
    "application/json",
    "application/problem+json",
    "application/javascript",
    "application/x-yaml",
    "application/yaml",
    "application/vnd.apple.mpegurl",
    "application/x-mpegurl",
    "application/dash+xml",
    "application/xml",
    "image/svg+xml",
});

constexpr int kLevel = 5;             // beyond it, text gets 1 or 2 % smaller for half as much time again
constexpr int kGzipWindow = 15 + 16;  // zlib's way to ask for a gzip head

}  // namespace

bool is_compressible(std::string_view content_type) {
  const auto type = lower(trim(content_type.substr(0, content_type.find(';'))));
  if (type == "text/event-stream") return false;
  return type.starts_with("text/") || std::find(kTypes.begin(), kTypes.end(), type) != kTypes.end();
}

std::optional<std::string> gzip(std::string_view text) {
  z_stream stream{};
  if (deflateInit2(&stream, kLevel, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY) != Z_OK) return std::nullopt;
  std::string out(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const bool whole = deflate(&stream, Z_FINISH) == Z_STREAM_END;
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return whole ? std::optional(std::move(out)) : std::nullopt;
}

}  // namespace vf::http
