#include "app/analyze_report.h"

#include <algorithm>

namespace vf::app {
namespace {

const media::StreamInfo* stream_of(const media::MediaInfo& info, int index) {
  const auto found = std::ranges::find(info.streams, index, &media::StreamInfo::index);
  return found == info.streams.end() ? nullptr : &*found;
}

void add_bits(json::object& out, const pipeline::AnalyzeResult& found, int stream) {
  const auto bits = std::ranges::find(found.bits, stream, &media::analysis::StreamBits::stream);
  if (bits == found.bits.end()) return;
  out["second_bits"] = to_json(bits->second_bits);
  out["second_bits_from"] = bits->start_seconds;
}

// Key frames and what lies between them, from the container's index.
json::object gop(const AnalyzeReportInput& in, const media::VideoInfo& video) {
  const auto& index = in.inspection.index;
  const double tick = index.time_base.value();
  double shortest = 0, longest = 0, longest_at = 0;
  for (std::size_t i = 0; i < index.key_ticks.size(); ++i) {
    const auto end = i + 1 < index.key_ticks.size() ? index.key_ticks[i + 1] : index.end_ticks;
    const double length = static_cast<double>(end - index.key_ticks[i]) * tick;
    if (i == 0 || length < shortest) shortest = length;
    if (length <= longest) continue;
    longest = length;
    longest_at = static_cast<double>(index.key_ticks[i]) * tick - in.plan.origin_seconds;
  }
  return {{"key_frames", video.gop.key_frames},     {"closed", video.gop.closed}, {"shortest_seconds", shortest},
          {"mean_seconds", video.gop.mean_seconds}, {"longest_seconds", longest}, {"longest_at", longest_at}};
}

json::value video_object(const AnalyzeReportInput& in) {
  const auto* stream = in.inspection.info.main_video();
  if (!in.found.video || !stream || !stream->video) return nullptr;
  const auto& v = *stream->video;
  json::object out{{"stream", stream->index}, {"codec", stream->codec}, {"width", v.width},
                   {"height", v.height},      {"rotation", v.rotation}, {"field_order", v.field_order}};
  for (const auto& [name, value] : to_json(*in.found.video).as_object()) out[name] = value;
  out["gop"] = gop(in, v);
  add_bits(out, in.found, stream->index);
  return out;
}

json::array audio_array(const AnalyzeReportInput& in) {
  json::array out;
  for (const auto& one : in.found.audio) {
    json::object sound{{"stream", one.stream}};
    if (const auto* stream = stream_of(in.inspection.info, one.stream)) {
      sound["codec"] = stream->codec;
      sound["language"] = stream->language;
    }
    for (const auto& [name, value] : to_json(one.sound).as_object()) sound[name] = value;
    if (one.start_offset_ms) sound["start_offset_ms"] = *one.start_offset_ms;
    if (one.end_offset_ms) sound["end_offset_ms"] = *one.end_offset_ms;
    add_bits(sound, in.found, one.stream);
    out.push_back(std::move(sound));
  }
  return out;
}

std::vector<media::Warning> warnings(const AnalyzeReportInput& in) {
  auto all = in.inspection.info.warnings;
  for (const auto& failure : in.found.failures) all.push_back({"not-analysed", failure});
  return unique(all);
}

}  // namespace

json::object analyze_report(const AnalyzeReportInput& in) {
  return {{"version", VIDEOFORGE_VERSION},    {"source", source_object(in.source, in.inspection.info)},
          {"options", to_json(in.options)},   {"start_seconds", in.plan.origin_seconds},
          {"video", video_object(in)},        {"audio", audio_array(in)},
          {"warnings", to_json(warnings(in))}};
}

}  // namespace vf::app
