#include "media/probe/media_info.h"

namespace vf::media {

const StreamInfo* MediaInfo::main_video() const {
  const StreamInfo* first = nullptr;
  for (const auto& stream : streams) {
    if (stream.kind != "video" || !stream.video) continue;
    if (stream.is_default) return &stream;
    if (!first) first = &stream;
  }
  return first;
}

}  // namespace vf::media
