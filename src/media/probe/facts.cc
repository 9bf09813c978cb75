#include "media/probe/facts.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "base/fd.h"
#include "media/av/ptr.h"
#include "media/probe/streams.h"

namespace vf::media {

std::string container_name(const AVInputFormat& format, const std::optional<Mp4Boxes>& boxes, int fd) {
  const std::string_view names = format.name;
  if (names.starts_with("mov")) {
    if (!boxes || boxes->brand.empty() || boxes->brand == "qt  ") return "mov";
    return boxes->brand.starts_with("3g") ? "3gp" : "mp4";
  }
  if (names.starts_with("matroska")) {
    // The document type stands in the EBML header, the first bytes of the file (RFC 8794 11.2.4).
    std::array<std::uint8_t, 128> head{};
    const auto got = read_at(fd, head, 0);
    const std::string_view text(reinterpret_cast<const char*>(head.data()), got ? *got : 0);
    return text.contains("webm") ? "webm" : "matroska";
  }
  return std::string(names.substr(0, names.find(',')));
}

void fill_counts(const StreamCount& row, AVStream* stream, StreamInfo& info) {
  info.packets = row.packets;
  info.bytes = row.bytes;
  if (row.packets == 0 && stream->discard == AVDISCARD_ALL) {
    info.packets = avformat_index_get_entries_count(stream);
    for (int i = 0; i < info.packets; ++i) info.bytes += avformat_index_get_entry(stream, i)->size;
    if (info.packets > 0) {
      info.start_ticks = avformat_index_get_entry(stream, 0)->timestamp;
      info.start_seconds = static_cast<double>(info.start_ticks) * info.time_base.value();
      if (stream->duration > 0) info.duration_seconds = static_cast<double>(stream->duration) * info.time_base.value();
    }
  }
  if (row.first_ticks != AV_NOPTS_VALUE) {
    info.start_ticks = row.first_ticks;
    info.start_seconds = static_cast<double>(row.first_ticks) * info.time_base.value();
    info.duration_seconds = std::max(
        0.0, (static_cast<double>(row.end_ticks) - static_cast<double>(row.first_ticks)) * info.time_base.value());
  }
  if (info.duration_seconds > 0)
    info.bit_rate = std::llround(static_cast<double>(info.bytes) * 8 / info.duration_seconds);
  if (!row.second_bytes.empty())
    info.peak_bit_rate = std::max(info.bit_rate, 8 * *std::ranges::max_element(row.second_bytes));
}

void fill_chapters(const AVFormatContext& context, const ProbeLimits& limits, MediaInfo& info, bool& cut) {
  const auto count = std::min<std::size_t>(context.nb_chapters, static_cast<std::size_t>(limits.max_chapters));
  for (std::size_t i = 0; i < count; ++i) {
    const auto& chapter = *context.chapters[i];
    const double tick = av_q2d(chapter.time_base);
    const auto seconds = [&](std::int64_t t) {
      return t == AV_NOPTS_VALUE || !std::isfinite(tick) ? 0 : static_cast<double>(t) * tick;
    };
    info.chapters.push_back(
        {seconds(chapter.start), seconds(chapter.end), tag_of(chapter.metadata, "title", limits, cut)});
  }
}

void fill_edits(av::Input& input, const Mp4Boxes& boxes, MediaInfo& info) {
  for (const auto& stream : info.streams)
    for (const auto& track : boxes.tracks)
      if (input.stream(stream.index)->id == static_cast<int>(track.id))
        for (const auto& edit : track.edits)
          info.edits.push_back({stream.index, edit.media_seconds, edit.duration_seconds});
}

void fill_attachments(av::Input& input, const ProbeLimits& limits, MediaInfo& info, bool& cut) {
  for (const auto& stream : info.streams) {
    const auto* source = input.stream(stream.index);
    if (stream.kind != "attachment" &&
        !(stream.kind == "cover" && av_dict_get(source->metadata, "filename", nullptr, 0)))
      continue;
    const std::int64_t bytes = stream.kind == "cover" ? source->attached_pic.size : source->codecpar->extradata_size;
    info.attachments.push_back({stream.index, tag_of(source->metadata, "filename", limits, cut),
                                tag_of(source->metadata, "mimetype", limits, cut), bytes});
  }
}

}  // namespace vf::media
