#include "media/analysis/packets.h"

#include <algorithm>

#include "media/probe/packets.h"

namespace vf::media::analysis {

Result<PacketResult> measure_packets(int fd, const std::function<void(double)>& progress) {
  PassOptions options;
  options.progress = progress;
  av::InputOptions input_options;
  input_options.max_streams = options.limits.max_claimed_streams;
  auto input = VF_TRY(av::Input::open(fd, input_options));
  options.examined_streams = std::min(static_cast<int>(input.get()->nb_streams), options.limits.max_streams);
  const auto pass = VF_TRY(read_packets(input, options));
  PacketResult out;
  for (int i = 0; i < options.examined_streams; ++i) {
    const auto& count = pass.streams.at(static_cast<std::size_t>(i));
    if (count.base_ticks == AV_NOPTS_VALUE || count.second_bytes.empty()) continue;
    StreamBits bits{i, static_cast<double>(count.base_ticks) * av_q2d(input.stream(i)->time_base), {}};
    for (const auto bytes : count.second_bytes) bits.second_bits.push_back(bytes * 8);
    out.streams.push_back(std::move(bits));
  }
  return out;
}

}  // namespace vf::media::analysis
