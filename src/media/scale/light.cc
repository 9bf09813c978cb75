#include "media/scale/light.h"

#include <algorithm>

extern "C" {
#include <libavutil/frame.h>
#include <libavutil/mastering_display_metadata.h>
#include <libavutil/pixdesc.h>
}

namespace vf::media {
namespace {

constexpr double kDefaultPeak = 1000;  // cd/m2: what most HDR10 is mastered for, and HLG's nominal peak
constexpr double kLowestPeak = 203;    // HDR reference white, ITU-R BT.2408
constexpr double kHighestPeak = 10000;

double peak_of(const AVFrame& frame) {
  double peak = 0;
  if (const auto* side = av_frame_get_side_data(&frame, AV_FRAME_DATA_MASTERING_DISPLAY_METADATA)) {
    const auto& display = *reinterpret_cast<const AVMasteringDisplayMetadata*>(side->data);
    if (display.has_luminance) peak = av_q2d(display.max_luminance);
  }
  if (const auto* side = av_frame_get_side_data(&frame, AV_FRAME_DATA_CONTENT_LIGHT_LEVEL)) {
    // The content's own peak is the better guide, unless it claims more than the display showed.
    const double cll = reinterpret_cast<const AVContentLightMetadata*>(side->data)->MaxCLL;
    if (cll >= kLowestPeak && (peak <= 0 || cll < peak)) peak = cll;
  }
  return peak > 0 ? peak : kDefaultPeak;
}

LumaWeights weights_of(int matrix) {
  switch (matrix) {
    case AVCOL_SPC_FCC:
      return {0.30, 0.11};
    case AVCOL_SPC_BT470BG:
    case AVCOL_SPC_SMPTE170M:
      return {0.299, 0.114};
    case AVCOL_SPC_SMPTE240M:
      return {0.212, 0.087};
    case AVCOL_SPC_BT2020_NCL:
    case AVCOL_SPC_BT2020_CL:
      return {0.2627, 0.0593};
    default:
      return kBt709;
  }
}

// Untagged standard definition is BT.601 to every player, untagged high definition BT.709.
int guess_matrix(const AVFrame& frame, bool wide) {
  if (wide) return AVCOL_SPC_BT2020_NCL;
  return frame.width < 1280 && frame.height <= 576 ? AVCOL_SPC_SMPTE170M : AVCOL_SPC_BT709;
}

bool is_full_range_format(int format) {
  switch (format) {
    case AV_PIX_FMT_YUVJ420P:
    case AV_PIX_FMT_YUVJ422P:
    case AV_PIX_FMT_YUVJ444P:
    case AV_PIX_FMT_YUVJ440P:
    case AV_PIX_FMT_YUVJ411P:
      return true;
    default:
      return false;
  }
}

}  // namespace

Light light_of(const AVFrame& frame, double peak) {
  Light light;
  const auto* format = av_pix_fmt_desc_get(static_cast<AVPixelFormat>(frame.format));
  light.rgb = format && (format->flags & (AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL)) != 0;
  light.wide = frame.color_primaries == AVCOL_PRI_BT2020;
  if (frame.color_trc == AVCOL_TRC_SMPTE2084) light.transfer = Transfer::pq;
  if (frame.color_trc == AVCOL_TRC_ARIB_STD_B67) light.transfer = Transfer::hlg;
  // An HDR transfer with nothing said about primaries comes from a tool that forgot them.
  if (light.transfer != Transfer::sdr && frame.color_primaries == AVCOL_PRI_UNSPECIFIED) light.wide = true;
  const bool known = frame.colorspace != AVCOL_SPC_UNSPECIFIED && frame.colorspace != AVCOL_SPC_RGB;
  light.matrix = known ? static_cast<int>(frame.colorspace) : guess_matrix(frame, light.wide);
  light.weights = weights_of(light.matrix);
  light.full_range = light.rgb || frame.color_range == AVCOL_RANGE_JPEG || is_full_range_format(frame.format);
  if (light.transfer != Transfer::sdr)
    light.peak = std::clamp(peak > 0                          ? peak
                            : light.transfer == Transfer::hlg ? kDefaultPeak
                                                              : peak_of(frame),
                            kLowestPeak, kHighestPeak);
  return light;
}

}  // namespace vf::media
