#include <webp/encode.h>

#include "media/stills/files.h"

namespace vf::media::stills {
namespace {

constexpr int kMethod = 2;  // 0 quick to 6 small; above this a picture costs more than its decoding

int append(const std::uint8_t* data, std::size_t size, const WebPPicture* picture) {
  auto& out = *static_cast<Bytes*>(picture->custom_ptr);
  out.insert(out.end(), data, data + size);
  return 1;
}

}  // namespace

Result<void> write_webp(std::span<const std::uint8_t> rgb, int width, int height, int quality, Bytes& out) {
  WebPConfig config;
  WebPPicture picture;
  if (!WebPConfigInit(&config) || !WebPPictureInit(&picture))
    return fail(ErrorCode::internal, "A WebP picture could not be written: libwebp is of another version.");
  config.quality = static_cast<float>(quality);
  config.method = kMethod;
  picture.width = width;
  picture.height = height;
  picture.writer = append;
  picture.custom_ptr = &out;
  const bool written = WebPPictureImportRGB(&picture, rgb.data(), 3 * width) && WebPEncode(&config, &picture);
  const int code = picture.error_code;
  WebPPictureFree(&picture);
  if (written) return {};
  return fail(code == VP8_ENC_ERROR_OUT_OF_MEMORY ? ErrorCode::no_memory : ErrorCode::internal,
              "A WebP picture could not be written.", "libwebp's error " + std::to_string(code));
}

}  // namespace vf::media::stills
