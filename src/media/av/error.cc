#include "media/av/error.h"

#include <array>
#include <cerrno>

extern "C" {
#include <libavutil/error.h>
}

namespace vf::media::av {

std::string describe(int averror) {
  std::array<char, AV_ERROR_MAX_STRING_SIZE> text{};
  av_strerror(averror, text.data(), text.size());
  return text.data();
}

Error error_from(int averror, ErrorCode otherwise, std::string_view message) {
  if (averror == AVERROR(ENOMEM))
    return {ErrorCode::no_memory, "There is not enough memory for this video.", std::string(message)};
  if (averror == AVERROR(ENOSPC)) return {ErrorCode::no_space, "The disk is full.", std::string(message)};
  return {otherwise, std::string(message), describe(averror)};
}

}  // namespace vf::media::av
