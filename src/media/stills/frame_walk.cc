#include "media/stills/frame_walk.h"

#include <algorithm>
#include <optional>

extern "C" {
#include <libavutil/frame.h>
}

#include "media/decode/video_reader.h"

namespace vf::media::stills {
namespace {

// Neighbours in the source: then every frame is wanted, and nothing has to be left out.
bool contiguous(const FrameList& list, std::size_t first, std::size_t last) {
  return list.index[last] - list.index[first] == static_cast<std::int64_t>(last - first);
}

bool is_damaged(const AVFrame& frame) { return (frame.flags & AV_FRAME_FLAG_CORRUPT) || frame.decode_error_flags != 0; }

}  // namespace

Result<void> walk_frames(int fd, int stream_index, const FrameList& list, const VisitFrame& visit) {
  if (list.index.size() != list.ticks.size() || list.runs.empty() || list.runs.front() != 0)
    return fail(ErrorCode::internal, "A list of frames does not fit together.");
  std::optional<VideoReader> reader;
  for (std::size_t r = 0; r < list.runs.size(); ++r) {
    const auto first = static_cast<std::size_t>(list.runs[r]);
    const auto end = r + 1 < list.runs.size() ? static_cast<std::size_t>(list.runs[r + 1]) : list.ticks.size();
    if (first >= end || end > list.ticks.size())
      return fail(ErrorCode::internal, "A list of frames does not fit together.");
    VideoReaderOptions options;
    options.start_ticks = list.ticks[first];
    options.end_ticks = list.ticks[end - 1] + 1;
    if (!contiguous(list, first, end - 1))
      options.only.assign(list.ticks.begin() + static_cast<std::ptrdiff_t>(first),
                          list.ticks.begin() + static_cast<std::ptrdiff_t>(end));
    if (reader)
      VF_CHECK(reader->move_to(*options.start_ticks, *options.end_ticks, std::move(options.only)));
    else
      reader = VF_TRY(VideoReader::create(fd, stream_index, options));
    auto at = first;
    while (const auto* frame = VF_TRY(reader->next())) {
      while (at < end && list.ticks[at] < frame->pts) ++at;
      if (at == end) break;
      if (list.ticks[at] != frame->pts) continue;
      VF_CHECK(visit(*frame, at, is_damaged(*frame)));
      ++at;
    }
  }
  return {};
}

}  // namespace vf::media::stills
