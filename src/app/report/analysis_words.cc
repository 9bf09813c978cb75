#include "app/report/analysis_words.h"

#include <cmath>

#include <fmt/format.h>

#include "app/report/html.h"

namespace vf::app {
namespace {

using html::items;
using html::member;
using html::number;
using html::text;

double value(const json::value& object, std::string_view key) { return number(object, key).value_or(0); }

std::string span(const json::value& one) {
  return fmt::format("{} \u2013 {}", exact_clock(value(one, "from")), exact_clock(value(one, "to")));
}

std::string plural(double count, std::string_view one) {
  return fmt::format("{:.0f} {}{}", count, one, count == 1 ? "" : "s");
}

// One row for each list of intervals in the report: how it is called, and what a mark says besides its times.
struct Kind {
  std::string_view key;
  std::string_view lane;
  int colour;
  std::string (*words)(const json::value&);
};

std::string seconds_long(const json::value& one) {
  return fmt::format("{:.2f} s", value(one, "to") - value(one, "from"));
}
std::string frames(const json::value& one) { return plural(value(one, "frames"), "picture"); }
std::string fields(const json::value& one) { return text(one, "order"); }
std::string bars(const json::value& one) {
  const auto& area = member(one, "area");
  return fmt::format("{}, picture {}\u00d7{} at {}, {}", text(area, "kind"), text(area, "width"), text(area, "height"),
                     text(area, "x"), text(area, "y"));
}
std::string damage(const json::value& one) {
  return fmt::format("{} damaged, {} lost", plural(value(one, "pictures"), "picture"),
                     plural(value(one, "packets"), "packet"));
}
std::string samples(const json::value& one) { return plural(value(one, "samples"), "sample"); }

constexpr Kind kVideoKinds[] = {
    {"black", "black", 7, seconds_long},
    {"freeze", "frozen", 5, seconds_long},
    {"boxed", "bars", 4, bars},
    {"decode_errors", "damage", 6, damage},
    {"lost", "lost pictures", 6, frames},
    {"dropped", "gaps in time", 1, frames},
    {"duplicated", "repeated", 3, frames},
};
constexpr Kind kSoundKinds[] = {
    {"silence", "silence", 0, seconds_long},
    {"clipping", "clipping", 6, samples},
    {"gaps", "sound gaps", 1, seconds_long},
    {"lost", "lost sound", 6, seconds_long},
};

Lane lane_of(const json::value& object, const Kind& kind, const std::string& prefix) {
  Lane out{prefix + std::string(kind.lane), kind.colour};
  for (const auto& one : items(object, kind.key))
    out.marks.push_back({value(one, "from"), value(one, "to"), fmt::format("{}: {}", span(one), kind.words(one))});
  return out;
}

}  // namespace

std::vector<Lane> finding_lanes(const json::value& report) {
  std::vector<Lane> out;
  const auto& video = member(report, "video");
  if (video.is_object()) {
    Lane cuts{"cuts", 2};
    for (const auto& at : items(video, "scene_cuts"))
      if (at.is_number())
        cuts.marks.push_back({at.to_number<double>(), at.to_number<double>(), exact_clock(at.to_number<double>())});
    out.push_back(std::move(cuts));
    for (const auto& kind : kVideoKinds) out.push_back(lane_of(video, kind, ""));
    out.insert(out.begin() + 3, lane_of(member(video, "interlacing"), {"intervals", "interlaced", 1, fields}, ""));
  }
  const auto& sounds = items(report, "audio");
  for (std::size_t i = 0; i < sounds.size(); ++i)
    for (const auto& kind : kSoundKinds)
      out.push_back(lane_of(sounds[i], kind, sounds.size() > 1 ? fmt::format("{}: ", i + 1) : std::string()));
  return out;
}

std::vector<std::string> picture_words(const json::value& report) {
  std::vector<std::string> out;
  const auto& video = member(report, "video");
  if (!video.is_object()) return out;
  const auto& rate = member(video, "frame_rate");
  out.push_back(fmt::format(
      "{} {}\u00d7{}, {} pictures, {:.3f} a second{}", text(video, "codec"), text(video, "width"),
      text(video, "height"), text(video, "frames"), value(rate, "mean"),
      html::flag(rate, "variable")
          ? fmt::format(" (varies: {:.1f} to {:.1f} ms apart)", value(rate, "shortest_ms"), value(rate, "longest_ms"))
          : std::string()));
  const auto& fields = member(video, "interlacing");
  const double top = value(fields, "top_first"), bottom = value(fields, "bottom_first");
  out.push_back(
      fmt::format("lines: {} ({:.0f} progressive, {:.0f} top field first, {:.0f} bottom field first, {:.0f} say "
                  "nothing); the file says {}",
                  text(fields, "verdict"), value(fields, "progressive"), top, bottom, value(fields, "unknown"),
                  text(video, "field_order")));
  const auto& area = member(video, "area");
  if (area.is_object())
    out.push_back(text(area, "kind") == "full" ? std::string("the picture fills the frame")
                  : text(area, "kind") == "uneven"
                      ? std::string("the picture fills the frame; some edges stay dark")
                      : fmt::format("{}: the picture is {}\u00d7{} at {}, {}", text(area, "kind"), text(area, "width"),
                                    text(area, "height"), text(area, "x"), text(area, "y")));
  const auto& gop = member(video, "gop");
  if (value(gop, "key_frames") == 0)
    out.emplace_back("no key frame is marked");
  else
    out.push_back(fmt::format("{} every {:.2f} s, {:.2f} to {:.2f} s apart",
                              plural(value(gop, "key_frames"), "key frame"), value(gop, "mean_seconds"),
                              value(gop, "shortest_seconds"), value(gop, "longest_seconds")));
  return out;
}

std::vector<std::string> sound_words(const json::value& sound) {
  std::vector<std::string> out;
  out.push_back(fmt::format("{}, {}, {} Hz", text(sound, "codec"), plural(value(sound, "channels"), "channel"),
                            text(sound, "sample_rate")));
  const auto& loud = member(sound, "loudness");
  if (loud.is_object())
    out.push_back(fmt::format("loudness {:.1f} LUFS, range {:.1f} LU, true peak {:.1f} dBTP at {}",
                              value(loud, "integrated_lufs"), value(loud, "range_lu"), value(loud, "true_peak_dbtp"),
                              exact_clock(value(loud, "true_peak_seconds"))));
  else
    out.emplace_back("silent: nothing is louder than -70 LUFS");
  if (const auto start = number(sound, "start_offset_ms"))
    out.push_back(
        fmt::format("against the picture: begins {:+.1f} ms, ends {:+.1f} ms", *start, value(sound, "end_offset_ms")));
  return out;
}

}  // namespace vf::app
