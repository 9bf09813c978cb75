#include "media/probe/meter.h"

extern "C" {
#include <libavutil/channel_layout.h>
}

namespace vf::media {
namespace {

constexpr int kMaxChannels = 64;  // libebur128's own bound

// Surround channels weigh 1.5 dB more, the low-frequency channel nothing (BS.1770-4 table 3).
int place_of(AVChannel channel, int channels) {
  switch (channel) {
    case AV_CHAN_FRONT_RIGHT:
      return EBUR128_RIGHT;
    case AV_CHAN_FRONT_CENTER:
      return channels == 1 ? EBUR128_LEFT : EBUR128_CENTER;
    case AV_CHAN_LOW_FREQUENCY:
      return EBUR128_UNUSED;
    case AV_CHAN_BACK_LEFT:
    case AV_CHAN_SIDE_LEFT:
      return EBUR128_LEFT_SURROUND;
    case AV_CHAN_BACK_RIGHT:
    case AV_CHAN_SIDE_RIGHT:
      return EBUR128_RIGHT_SURROUND;
    default:
      return EBUR128_LEFT;
  }
}

}  // namespace

void MeterFree::operator()(ebur128_state* state) const { ebur128_destroy(&state); }

MeterPtr make_meter(const AVChannelLayout& layout, int sample_rate) {
  const int channels = layout.nb_channels;
  if (channels < 1 || channels > kMaxChannels || sample_rate < 16 || sample_rate > 2'822'400) return nullptr;
  // The histogram bounds memory: without it every 100 ms of the film is kept.
  MeterPtr meter(ebur128_init(static_cast<unsigned>(channels), static_cast<unsigned long>(sample_rate),
                              EBUR128_MODE_I | EBUR128_MODE_LRA | EBUR128_MODE_TRUE_PEAK | EBUR128_MODE_HISTOGRAM));
  for (int i = 0; meter && i < channels; ++i)
    ebur128_set_channel(meter.get(), static_cast<unsigned>(i),
                        place_of(av_channel_layout_channel_from_index(&layout, static_cast<unsigned>(i)), channels));
  return meter;
}

}  // namespace vf::media
