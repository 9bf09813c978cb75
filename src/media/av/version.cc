#include "media/av/version.h"

#include <fmt/format.h>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavfilter/avfilter.h>
#include <libavformat/avformat.h>
#include <libavutil/log.h>
#include <libswresample/swresample.h>
#include <libswscale/swscale.h>
}

namespace vf::media::av {

std::string library_versions() {
  const auto one = [](const char* name, unsigned version) {
    return fmt::format("{} {}.{}.{}", name, AV_VERSION_MAJOR(version), AV_VERSION_MINOR(version),
                       AV_VERSION_MICRO(version));
  };
  return fmt::format("{} {} {} {} {}", one("avformat", avformat_version()), one("avcodec", avcodec_version()),
                     one("avfilter", avfilter_version()), one("swscale", swscale_version()),
                     one("swresample", swresample_version()));
}

void quiet_libraries() { av_log_set_level(AV_LOG_FATAL); }

}  // namespace vf::media::av
