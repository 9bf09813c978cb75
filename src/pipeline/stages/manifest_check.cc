#include "pipeline/stages/manifest_check.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <sstream>

#include <fmt/format.h>

namespace vf::pipeline {
namespace {

// Playlists give durations to the microsecond; a thousand of them may add up to a millisecond.
constexpr double kDurationTolerance = 0.005;

struct ByteRange {
  std::int64_t size = 0;
  std::int64_t offset = 0;
};

std::optional<ByteRange> parse_range(std::string_view text) {
  ByteRange range;
  const auto [at, ec] = std::from_chars(text.data(), text.data() + text.size(), range.size);
  if (ec != std::errc() || at == text.data() + text.size() || *at != '@') return std::nullopt;
  const auto [end, ec2] = std::from_chars(at + 1, text.data() + text.size(), range.offset);
  return ec2 == std::errc() ? std::optional(range) : std::nullopt;
}

struct Playlist {
  double seconds = 0;
  double longest = 0;
  double target = 0;
  bool ended = false;
  std::vector<ByteRange> ranges;
  bool malformed = false;
};

Playlist read_playlist(const std::string& text) {
  Playlist out;
  std::istringstream lines(text);
  std::string line;
  if (!std::getline(lines, line) || line != "#EXTM3U") out.malformed = true;
  while (std::getline(lines, line)) {
    const auto value = [&](std::string_view tag) -> std::optional<std::string> {
      return line.starts_with(tag) ? std::optional(line.substr(tag.size())) : std::nullopt;
    };
    if (const auto duration = value("#EXTINF:")) {
      const double seconds = std::strtod(duration->c_str(), nullptr);
      out.seconds += seconds;
      out.longest = std::max(out.longest, seconds);
    } else if (const auto range = value("#EXT-X-BYTERANGE:")) {
      const auto parsed = parse_range(*range);
      if (parsed) out.ranges.push_back(*parsed);
      out.malformed = out.malformed || !parsed;
    } else if (const auto target = value("#EXT-X-TARGETDURATION:")) {
      out.target = std::strtod(target->c_str(), nullptr);
    } else if (line == "#EXT-X-ENDLIST") {
      out.ended = true;
    }
  }
  return out;
}

const media::ManifestFile* find(const std::vector<media::ManifestFile>& files, const std::string& name) {
  const auto found = std::ranges::find(files, name, &media::ManifestFile::name);
  return found != files.end() ? &*found : nullptr;
}

void check_track(const std::vector<media::ManifestFile>& files, const media::PresentationTrack& track,
                 std::vector<std::string>& wrong) {
  const auto* file = find(files, media::playlist_name(track.file));
  if (!file) return wrong.push_back(fmt::format("{} has no playlist", track.name));
  const auto list = read_playlist(file->text);
  const auto& segments = track.layout.segments;
  if (list.malformed || !list.ended) wrong.push_back(fmt::format("the playlist of {} is malformed", track.name));
  if (list.ranges.size() != segments.size())
    return wrong.push_back(
        fmt::format("the playlist of {} lists {} segments of {}", track.name, list.ranges.size(), segments.size()));
  for (std::size_t i = 0; i < segments.size(); ++i)
    if (list.ranges[i].offset != segments[i].offset || list.ranges[i].size != segments[i].size ||
        segments[i].offset + segments[i].size > track.layout.size)
      return wrong.push_back(fmt::format("the playlist of {} gives segment {} a wrong place", track.name, i));
  double seconds = 0;
  for (std::size_t i = 0; i < segments.size(); ++i)
    seconds += media::segment_seconds(track.layout, i, track.format.timescale);
  if (std::abs(seconds - list.seconds) > kDurationTolerance)
    wrong.push_back(
        fmt::format("the playlist of {} lasts {:.3f} s and the track {:.3f} s", track.name, list.seconds, seconds));
  if (std::round(list.longest) > list.target)
    wrong.push_back(fmt::format("a segment of {} is longer than its playlist's target", track.name));
}

// Tags open and close in order; enough for text that we wrote ourselves.
bool well_formed(const std::string& xml) {
  std::vector<std::string> open;
  for (auto at = xml.find('<'); at != std::string::npos; at = xml.find('<', at + 1)) {
    const auto end = xml.find('>', at);
    if (end == std::string::npos) return false;
    const auto tag = xml.substr(at + 1, end - at - 1);
    if (tag.starts_with('?') || tag.starts_with('!') || tag.ends_with('/')) continue;
    const auto name =
        tag.substr(tag.starts_with('/') ? 1 : 0, tag.find_first_of(" \n\t") - (tag.starts_with('/') ? 1 : 0));
    if (!tag.starts_with('/')) {
      open.push_back(name);
    } else {
      if (open.empty() || open.back() != name) return false;
      open.pop_back();
    }
  }
  return open.empty() && xml.find('<') != std::string::npos;
}

void check_mpd(const std::vector<media::ManifestFile>& files, const media::Presentation& presentation,
               std::vector<std::string>& wrong) {
  const auto* mpd = find(files, "manifest.mpd");
  const bool expected = !presentation.encryption || presentation.encryption->scheme == media::EncryptionScheme::cbcs;
  if (!mpd) {
    if (expected) wrong.emplace_back("there is no DASH manifest");
    return;
  }
  if (!well_formed(mpd->text)) wrong.emplace_back("the DASH manifest is not well-formed XML");
  for (const auto* tracks : {&presentation.video, &presentation.audio})
    for (const auto& track : *tracks) {
      const auto range = fmt::format("indexRange=\"{}-{}\"", track.layout.index_offset,
                                     track.layout.index_offset + track.layout.index_size - 1);
      if (mpd->text.find(track.file) == std::string::npos || mpd->text.find(range) == std::string::npos)
        wrong.push_back(fmt::format("the DASH manifest lacks {} or its index", track.name));
    }
}

}  // namespace

std::vector<std::string> check_manifests(const std::vector<media::ManifestFile>& files,
                                         const media::Presentation& presentation) {
  std::vector<std::string> wrong;
  const auto* master = find(files, "master.m3u8");
  if (!master || !master->text.starts_with("#EXTM3U")) wrong.emplace_back("there is no master playlist");
  for (const auto& track : presentation.video) {
    check_track(files, track, wrong);
    if (master && master->text.find(media::playlist_name(track.file)) == std::string::npos)
      wrong.push_back(fmt::format("the master playlist lacks {}", track.name));
  }
  for (const auto& track : presentation.audio) check_track(files, track, wrong);
  check_mpd(files, presentation, wrong);
  return wrong;
}

}  // namespace vf::pipeline
