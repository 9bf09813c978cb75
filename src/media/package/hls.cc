#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>

#include "media/package/encrypt.h"
#include "media/package/language.h"
#include "media/package/playlists.h"

namespace vf::media {
namespace {

// A quoted-string of RFC 8216 4.2 has no way to escape: quotes and control characters must go.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out += c == '"' ? '\'' : (byte < 0x20 || byte == 0x7f ? ' ' : c);
  }
  return out + '"';
}

// A relative reference (RFC 3986 4.2) to a file beside the playlist.
std::string uri(std::string_view file) {
  std::string out;
  for (const char c : file) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = std::isalnum(byte) || std::string_view("-._~/").find(c) != std::string_view::npos;
    out += plain && byte < 0x80 ? std::string(1, c) : fmt::format("%{:02X}", byte);
  }
  return out;
}

// Names in a group must differ (RFC 8216 4.3.4.1.1), titles of the source need not.
class Names {
 public:
  std::string unique(const std::string& wanted) {
    std::string name = wanted.empty() ? "Unnamed" : wanted;
    for (int n = 2; !used_.insert(name).second; ++n) name = fmt::format("{} ({})", wanted, n);
    return name;
  }

 private:
  std::set<std::string> used_;
};

std::string head(bool finished, int target) {
  return fmt::format(
      "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:{}\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:{}\n", target,
      finished ? "VOD" : "EVENT");
}

// No segment may be longer than the target when rounded (RFC 8216 4.3.3.1).
int target_duration(double longest) { return std::max(1, static_cast<int>(std::lround(longest))); }

std::string key_tag(const PresentationEncryption& e, std::uint64_t segment) {
  if (e.scheme == EncryptionScheme::cbcs) {
    return fmt::format("#EXT-X-KEY:METHOD=SAMPLE-AES,URI={},KEYFORMAT=\"identity\",KEYFORMATVERSIONS=\"1\",IV=0x{}\n",
                       quoted(e.key_uri), e.iv);
  }
  return fmt::format("#EXT-X-KEY:METHOD=AES-128,URI={},IV=0x{}\n", quoted(e.key_uri), segment_iv(e.iv, segment));
}

std::string frame_rate(const Rational& rate) {
  return rate.valid() ? fmt::format(",FRAME-RATE={:.3f}", rate.value()) : "";
}

// Title, or the language, or the name.
std::string label(const std::string& title, const std::string& language, const std::string& name) {
  if (!title.empty()) return title;
  const auto tag = bcp47_language(language);
  return tag != "und" ? tag : name;
}

std::string language_attribute(const std::string& language) {
  const auto tag = bcp47_language(language);
  return tag == "und" ? "" : ",LANGUAGE=" + quoted(tag);
}

// Tracks of one codec and channel count can stand for each other.
std::string audio_group(const PresentationTrack& track) {
  return fmt::format("audio-{}-{}", track.format.codec, track.format.channels);
}

std::vector<std::string> audio_groups(const Presentation& p) {
  std::vector<std::string> out;
  for (const auto& track : p.audio) {
    if (std::ranges::find(out, audio_group(track)) == out.end()) out.push_back(audio_group(track));
  }
  return out;
}

// The track that plays unless somebody chooses: the marked one, else the first.
const PresentationTrack* default_of(const Presentation& p, const std::string& group) {
  const PresentationTrack* chosen = nullptr;
  for (const auto& track : p.audio) {
    if (audio_group(track) != group) continue;
    if (!chosen || (track.is_default && !chosen->is_default)) chosen = &track;
  }
  return chosen;
}

std::string audio_media(const Presentation& p) {
  std::string out;
  for (const auto& group : audio_groups(p)) {
    Names names;
    const auto* first = default_of(p, group);
    for (const auto& track : p.audio) {
      if (audio_group(track) != group) continue;
      out += fmt::format(
          "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID={},NAME={}{},DEFAULT={},AUTOSELECT=YES,CHANNELS=\"{}\",URI={}\n",
          quoted(group), quoted(names.unique(label(track.title, track.language, track.name))),
          language_attribute(track.language), &track == first ? "YES" : "NO", track.format.channels,
          quoted(uri(playlist_name(track.file))));
    }
  }
  return out;
}

std::string subtitle_media(const Presentation& p) {
  std::string out;
  Names names;
  bool taken = false;  // one default in a group
  for (const auto& subtitle : p.subtitles) {
    const bool first = subtitle.is_default && !taken;
    taken = taken || first;
    out += fmt::format(
        "#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"subtitles\",NAME={}{},DEFAULT={},AUTOSELECT=YES,FORCED={},URI={}\n",
        quoted(names.unique(label(subtitle.title, subtitle.language, subtitle.name))),
        language_attribute(subtitle.language), first ? "YES" : "NO", subtitle.is_forced ? "YES" : "NO",
        quoted(uri(playlist_name(subtitle.file))));
  }
  return out;
}

struct GroupSums {
  BitRates highest;
  std::string codecs;
};

// A variant must be playable with any track of its group: the highest rates count.
GroupSums sums_of(const Presentation& p, const std::string& group) {
  GroupSums out;
  for (const auto& track : p.audio) {
    if (audio_group(track) != group) continue;
    out.highest.peak = std::max(out.highest.peak, track.bit_rates.peak);
    out.highest.mean = std::max(out.highest.mean, track.bit_rates.mean);
    // Tracks of one codec may differ in profile; every string that occurs is named.
    if (out.codecs.find(track.format.codecs) == std::string::npos)
      out.codecs += (out.codecs.empty() ? "" : ",") + track.format.codecs;
  }
  return out;
}

std::string display_size(const TrackFormat& f) {
  const auto aspect = f.sample_aspect.valid() ? f.sample_aspect : Rational{1, 1};
  return fmt::format("{}x{}", rescale(f.width, aspect, {1, 1}), f.height);
}

std::string variant(const Presentation& p, const PresentationTrack& track, const std::string& group) {
  const bool video = track.format.kind == TrackKind::video;
  auto rates = track.bit_rates;
  auto codecs = track.format.codecs;
  const auto sums = group.empty() ? GroupSums{} : sums_of(p, group);
  if (video && !group.empty()) {
    rates.peak += sums.highest.peak;
    rates.mean += sums.highest.mean;
    codecs += "," + sums.codecs;
  } else if (!group.empty()) {
    rates = sums.highest;
    codecs = sums.codecs;
  }
  std::string out = fmt::format("#EXT-X-STREAM-INF:BANDWIDTH={},AVERAGE-BANDWIDTH={},CODECS={}", rates.peak, rates.mean,
                                quoted(codecs));
  if (video) {
    out += fmt::format(",RESOLUTION={}{},VIDEO-RANGE={}", display_size(track.format),
                       frame_rate(track.format.frame_rate), track.format.video_range);
  }
  if (!group.empty()) out += ",AUDIO=" + quoted(group);
  if (!p.subtitles.empty()) out += ",SUBTITLES=\"subtitles\"";
  if (video) out += ",CLOSED-CAPTIONS=NONE";
  return out + "\n" + uri(playlist_name(track.file)) + "\n";
}

}  // namespace

std::string playlist_name(const std::string& file) {
  const auto dot = file.rfind('.');
  const auto slash = file.rfind('/');
  const bool has_extension = dot != std::string::npos && (slash == std::string::npos || dot > slash);
  return (has_extension ? file.substr(0, dot) : file) + ".m3u8";
}

std::string media_playlist(const Presentation& presentation, const PresentationTrack& track) {
  const auto& layout = track.layout;
  double longest = presentation.target_duration_seconds;
  std::vector<double> seconds;
  for (std::size_t i = 0; i < layout.segments.size(); ++i) {
    seconds.push_back(segment_seconds(layout, i, track.format.timescale));
    longest = std::max(longest, seconds.back());
  }
  std::string out = head(presentation.finished, target_duration(longest)) + "#EXT-X-INDEPENDENT-SEGMENTS\n";
  // A film on its way is watched from its start, not from where its making has come to. Shaka takes 0 for nothing, and
  // from a millisecond on it seeks; where that seek gets lost it waits for good, because it takes its clock to stand.
  if (!presentation.finished) out += "#EXT-X-START:TIME-OFFSET=0.0005\n";
  const auto& encryption = presentation.encryption;
  const bool whole_segments = encryption && encryption->scheme == EncryptionScheme::aes128;
  // With aes128 the header stays clear, so it stands before the first key; cbcs says so in the header itself.
  if (encryption && !whole_segments) out += key_tag(*encryption, 0);
  out += fmt::format("#EXT-X-MAP:URI={},BYTERANGE=\"{}@0\"\n", quoted(uri(track.file)), layout.init_size);
  for (std::size_t i = 0; i < layout.segments.size(); ++i) {
    if (whole_segments) out += key_tag(*encryption, i);
    out += fmt::format("#EXTINF:{:.6f},\n#EXT-X-BYTERANGE:{}@{}\n{}\n", seconds[i], layout.segments[i].size,
                       layout.segments[i].offset, uri(track.file));
  }
  if (presentation.finished || presentation.complete) out += "#EXT-X-ENDLIST\n";
  return out;
}

std::string subtitle_playlist(const Presentation& presentation, const PresentationSubtitle& subtitle) {
  const auto duration = std::max(presentation.duration_seconds, 0.001);
  return head(presentation.finished, target_duration(std::ceil(duration))) +
         fmt::format("#EXTINF:{:.6f},\n{}\n", duration, uri(subtitle.file)) +
         (presentation.finished ? "#EXT-X-ENDLIST\n" : "");
}

std::string master_playlist(const Presentation& presentation) {
  std::string out = "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-INDEPENDENT-SEGMENTS\n";
  out += audio_media(presentation) + subtitle_media(presentation);
  const auto groups = audio_groups(presentation);
  for (const auto& track : presentation.video) {
    for (const auto& group : groups) out += variant(presentation, track, group);
    if (groups.empty()) out += variant(presentation, track, "");
  }
  if (presentation.video.empty()) {
    for (const auto& group : groups) out += variant(presentation, *default_of(presentation, group), group);
  }
  return out;
}

std::vector<ManifestFile> manifest_files(const Presentation& presentation) {
  std::vector<ManifestFile> out{{"master.m3u8", master_playlist(presentation)}};
  for (const auto* tracks : {&presentation.video, &presentation.audio}) {
    for (const auto& track : *tracks) out.push_back({playlist_name(track.file), media_playlist(presentation, track)});
  }
  for (const auto& subtitle : presentation.subtitles) {
    out.push_back({playlist_name(subtitle.file), subtitle_playlist(presentation, subtitle)});
  }
  if (const auto manifest = dash_manifest(presentation); !manifest.empty()) {
    out.push_back({"manifest.mpd", manifest});
    if (!presentation.follow_manifest.empty()) out.push_back({presentation.follow_manifest, manifest});
  }
  return out;
}

}  // namespace vf::media
