// One encoder and the fragments it writes. Internal to encode. Used by one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "base/error.h"
#include "media/av/ptr.h"
#include "media/encode/video_chunk.h"
#include "media/package/annexb.h"
#include "media/package/fragment_writer.h"

namespace vf::media {

// A picture on its way to an encoder; times in ticks of the track's timescale.
struct EncoderPicture {
  av::FramePtr frame;  // pts is set to `pts` by the encoder
  std::int64_t pts = 0;
  std::int64_t duration = 0;
  bool starts_segment = false;
};

class RungEncoder {
 public:
  RungEncoder(const ChunkSpec& spec, const ChunkRung& rung, int fd) : spec_(spec), rung_(rung), fd_(fd) {}

  Result<void> add(EncoderPicture picture);
  Result<TrackChunk> finish();

  // Told after every picture written: how long the pictures last whose work is done. About a third of it
  // is done when a picture is taken in (scaling, look-ahead), the rest when it is written, dozens later.
  void on_progress(std::function<void(std::int64_t ticks)> tell) { tell_ = std::move(tell); }

 private:
  Result<void> open(const AVFrame& first);
  Result<void> flush();
  Result<void> write_packets();
  Result<void> write(const AVPacket& packet);

  const ChunkSpec& spec_;
  const ChunkRung& rung_;
  int fd_;
  EncoderSettings settings_;
  av::CodecPtr codec_;
  av::PacketPtr packet_ = av::make_packet();
  std::optional<NalCodec> nal_codec_;
  std::optional<FragmentWriter> writer_;
  struct Time {
    std::int64_t duration;
    bool starts_segment;
  };
  std::map<std::int64_t, Time> times_;  // of the pictures inside the encoder, by pts
  bool first_segment_ = true;
  std::function<void(std::int64_t)> tell_;
  std::int64_t taken_ticks_ = 0;
  std::int64_t written_ticks_ = 0;
  std::vector<std::uint8_t> sample_;
};

}  // namespace vf::media
