#include "media/probe/claims.h"

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>

#include "media/av/ptr.h"

namespace vf::media {
namespace {

Result<void> check_size(const AVCodecParameters& p, const ProbeLimits& limits) {
  if (p.width > limits.max_side || p.height > limits.max_side)
    return fail(ErrorCode::limit_exceeded, fmt::format("The picture is {}x{}; no side may exceed {} (max_side).",
                                                       p.width, p.height, limits.max_side));
  if (static_cast<std::int64_t>(p.width) * p.height > limits.max_pixels)
    return fail(ErrorCode::limit_exceeded,
                fmt::format("The picture is {}x{}, {} pixels; the limit is {} (max_pixels).", p.width, p.height,
                            static_cast<std::int64_t>(p.width) * p.height, limits.max_pixels));
  return {};
}

}  // namespace

Result<std::optional<Mp4Boxes>> check_boxes(int fd) {
  auto boxes = VF_TRY(read_mp4_boxes(fd));
  if (!boxes) return boxes;
  if (boxes->refers_elsewhere)
    return fail(ErrorCode::unsupported_input,
                "This is a QuickTime reference movie: it only points at other files, which VideoForge never opens.");
  if (!boxes->has_moov)
    return fail(ErrorCode::invalid_input,
                boxes->fragmented ? "This is a media segment without its header (moov): give the whole file, or the "
                                    "header and the segments joined."
                                  : "The index (moov) is missing: the upload or recording was cut off before its end.");
  if (boxes->moov_cut && !boxes->has_mdat)
    return fail(ErrorCode::invalid_input,
                "The file ends inside its index (moov): the upload was cut off near its beginning.");
  for (const auto& track : boxes->tracks)
    if (!track.protection.empty())
      return fail(ErrorCode::unsupported_input,
                  fmt::format("The video is encrypted (DRM, scheme {}); VideoForge reads only media in the clear.",
                              track.protection));
  return boxes;
}

Result<void> check_claims(av::Input& input, const ProbeLimits& limits) {
  for (int i = 0; i < static_cast<int>(input.get()->nb_streams); ++i) {
    auto* stream = input.stream(i);
    if (stream->codecpar->codec_type != AVMEDIA_TYPE_VIDEO) continue;
    VF_CHECK(check_size(*stream->codecpar, limits));
    const std::int64_t entries = avformat_index_get_entries_count(stream);
    if (entries > limits.max_frames)
      return fail(ErrorCode::limit_exceeded,
                  fmt::format("The index lists {} frames; the limit is {} (max_frames).", entries, limits.max_frames));
    if (entries > 1000 && entries > input.bytes())
      return fail(
          ErrorCode::invalid_input,
          fmt::format("The index lists {} frames in a file of {} bytes, which cannot be.", entries, input.bytes()));
  }
  return {};
}

bool index_tells_all(av::Input& input, const std::optional<Mp4Boxes>& boxes, int examined) {
  if (!boxes || boxes->fragmented || !std::string_view(input.get()->iformat->name).starts_with("mov")) return false;
  constexpr std::array kHeadersParsed{AV_CODEC_ID_H264, AV_CODEC_ID_HEVC};
  constexpr std::array kNeverParsed{AV_CODEC_ID_PRORES, AV_CODEC_ID_DNXHD, AV_CODEC_ID_MJPEG, AV_CODEC_ID_DVVIDEO};
  constexpr std::array kSmallAudio{AV_CODEC_ID_AAC,       AV_CODEC_ID_AC3,       AV_CODEC_ID_EAC3,
                                   AV_CODEC_ID_ALAC,      AV_CODEC_ID_OPUS,      AV_CODEC_ID_PCM_S16LE,
                                   AV_CODEC_ID_PCM_S16BE, AV_CODEC_ID_PCM_S24LE, AV_CODEC_ID_PCM_S24BE};
  const auto has = [](const auto& list, AVCodecID id) { return std::ranges::find(list, id) != list.end(); };
  for (int i = 0; i < examined; ++i) {
    auto* stream = input.stream(i);
    const auto& p = *stream->codecpar;
    if (stream->discard == AVDISCARD_ALL) continue;
    if (p.codec_type == AVMEDIA_TYPE_AUDIO && has(kSmallAudio, p.codec_id)) continue;
    if (p.codec_type != AVMEDIA_TYPE_VIDEO || p.codec_tag == MKTAG('a', 'v', 'c', '3') ||
        p.codec_tag == MKTAG('h', 'e', 'v', '1'))
      return false;
    if (has(kHeadersParsed, p.codec_id)) continue;
    if (!has(kNeverParsed, p.codec_id) || av_stream_get_parser(stream)) return false;
  }
  return true;
}

void discard_unread(av::Input& input, const std::optional<Mp4Boxes>& boxes, int examined) {
  for (int i = 0; i < static_cast<int>(input.get()->nb_streams); ++i) {
    auto* stream = input.stream(i);
    const bool indexed = boxes && avformat_index_get_entries_count(stream) > 0;
    const bool data =
        stream->codecpar->codec_type != AVMEDIA_TYPE_VIDEO && stream->codecpar->codec_type != AVMEDIA_TYPE_AUDIO;
    if (i >= examined || (indexed && data)) stream->discard = AVDISCARD_ALL;
  }
}

}  // namespace vf::media
