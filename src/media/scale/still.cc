#include "media/scale/still.h"

#include <array>
#include <string_view>

#include <unistd.h>

#include "media/av/ptr.h"
#include "media/decode/video_reader.h"

namespace vf::media {
namespace {

constexpr std::size_t kSignatureBytes = 12;

// By the first bytes, as each specification asks (PNG 3 5.2, JPEG B.1.1.3, RIFF container of WebP).
std::string_view type_of(std::string_view head) {
  if (head.starts_with("\x89PNG\r\n\x1a\n")) return "image/png";
  if (head.starts_with("\xff\xd8\xff")) return "image/jpeg";
  if (head.starts_with("RIFF") && head.substr(8) == "WEBP") return "image/webp";
  return {};
}

}  // namespace

Result<Still> look_at_still(int fd) {
  std::array<char, kSignatureBytes> head{};
  const auto got = ::pread(fd, head.data(), head.size(), 0);
  const auto type = type_of({head.data(), got > 0 ? static_cast<std::size_t>(got) : 0});
  if (type.empty())
    return fail(ErrorCode::unsupported_input, "This is no PNG, JPEG or WebP picture; send one of these.");
  auto reader = VF_TRY(VideoReader::create(fd, -1, {.max_pixels = kMaxStillPixels}));
  const auto* frame = VF_TRY(reader.next());
  if (!frame || reader.stats().decode_errors > 0 || reader.stats().corrupt_frames > 0)
    return fail(ErrorCode::invalid_input, "The picture is damaged and cannot be decoded; send it anew.");
  return Still{std::string(type), frame->width, frame->height};
}

}  // namespace vf::media
