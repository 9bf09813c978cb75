// How many bits each second of every stream has, from one pass over the packets.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "base/error.h"
#include "base/json.h"

namespace vf::media::analysis {

struct StreamBits {
  int stream = 0;
  double start_seconds = 0;               // of the file's clock: where the first second begins
  std::vector<std::int64_t> second_bits;  // by presentation time
};
BOOST_DESCRIBE_STRUCT(StreamBits, (), (stream, start_seconds, second_bits))

struct PacketResult {
  std::vector<StreamBits> streams;
};
BOOST_DESCRIBE_STRUCT(PacketResult, (), (streams))

Result<PacketResult> measure_packets(int fd, const std::function<void(double)>& progress = {});

}  // namespace vf::media::analysis
