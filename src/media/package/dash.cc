#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "media/package/language.h"
#include "media/package/playlists.h"

namespace vf::media {
namespace {

// Bytes of the UTF-8 sequence that begins here; 0 for none that XML 1.0 may hold.
std::size_t utf8_length(std::string_view text) {
  const auto at = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const auto lead = at(0);
  const std::size_t length = lead < 0x80                   ? 1
                             : lead >= 0xc2 && lead < 0xe0 ? 2
                             : lead >= 0xe0 && lead < 0xf0 ? 3
                             : lead >= 0xf0 && lead < 0xf5 ? 4
                                                           : 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((at(i) & 0xc0) != 0x80) return 0;
  }
  if (lead < 0x20) return 0;  // tab and line ends too: they mean nothing in a name
  if ((lead == 0xe0 && at(1) < 0xa0) || (lead == 0xf0 && at(1) < 0x90) || (lead == 0xf4 && at(1) > 0x8f)) return 0;
  if (lead == 0xed && at(1) > 0x9f) return 0;                    // surrogates
  if (lead == 0xef && at(1) == 0xbf && at(2) >= 0xbe) return 0;  // U+FFFE, U+FFFF
  return length;
}

// Text for XML 1.0 content and attributes; bytes that XML cannot hold become blanks.
std::string escaped(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto length = utf8_length(text);
    switch (length == 1 ? text[0] : length == 0 ? ' ' : 0) {
      case 0:
        out += text.substr(0, length);
        break;
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&apos;";
        break;
      default:
        out += length == 0 ? ' ' : text[0];
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out;
}

std::string url(std::string_view file) {
  std::string out;
  for (const char c : file) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain =
        byte < 0x80 && (std::isalnum(byte) || std::string_view("-._~/").find(c) != std::string_view::npos);
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", byte);
  }
  return out;
}

// xs:duration
std::string seconds(double value) { return fmt::format("PT{:.3f}S", std::max(value, 0.0)); }

// "0123..." as 8-4-4-4-12.
std::string uuid(const std::string& hex) {
  if (hex.size() != 32) return hex;
  return fmt::format("{}-{}-{}-{}-{}", hex.substr(0, 8), hex.substr(8, 4), hex.substr(12, 4), hex.substr(16, 4),
                     hex.substr(20));
}

double longest_segment(const Presentation& p) {
  double longest = p.target_duration_seconds;
  for (const auto* tracks : {&p.video, &p.audio}) {
    for (const auto& track : *tracks) {
      for (std::size_t i = 0; i < track.layout.segments.size(); ++i) {
        longest = std::max(longest, segment_seconds(track.layout, i, track.format.timescale));
      }
    }
  }
  return longest;
}

std::string protection(const std::optional<PresentationEncryption>& e) {
  if (!e) return "";
  std::string out = fmt::format(
      "      <ContentProtection schemeIdUri=\"urn:mpeg:dash:mp4protection:2011\" value=\"cbcs\" "
      "cenc:default_KID=\"{}\"/>\n",
      escaped(uuid(e->key_id)));
  constexpr std::string_view kClearKey =
      "      <ContentProtection schemeIdUri=\"urn:uuid:e2719d58-a985-b3c9-781a-b030af78d30e\" value=\"ClearKey1.0\"";
  if (e->license_url.empty()) return out + std::string(kClearKey) + "/>\n";
  return out + std::string(kClearKey) +
         fmt::format(">\n        <dashif:Laurl>{}</dashif:Laurl>\n      </ContentProtection>\n",
                     escaped(e->license_url));
}

// The finished file carries its own index.
std::string segment_base(const PresentationTrack& t) {
  const auto& l = t.layout;
  return fmt::format(
      "        <SegmentBase timescale=\"{}\" indexRange=\"{}-{}\" indexRangeExact=\"true\">\n"
      "          <Initialization range=\"0-{}\"/>\n"
      "        </SegmentBase>\n",
      t.format.timescale, l.index_offset, l.index_offset + l.index_size - 1, l.init_size - 1);
}

// While the track grows its segments are listed, runs of equal durations as one S.
std::string segment_list(const PresentationTrack& t) {
  std::string timeline;
  std::string urls;
  const auto& segments = t.layout.segments;
  const auto start_of = [&](const Segment& s) { return std::max<std::int64_t>(s.start - t.layout.priming, 0); };
  const auto length_of = [&](const Segment& s) {
    return std::max<std::int64_t>(s.start + s.duration - t.layout.priming, 0) - start_of(s);
  };
  for (std::size_t i = 0; i < segments.size();) {
    std::size_t run = i + 1;
    while (run < segments.size() && length_of(segments[run]) == length_of(segments[i])) ++run;
    timeline += fmt::format("            <S t=\"{}\" d=\"{}\"{}/>\n", start_of(segments[i]), length_of(segments[i]),
                            run - i > 1 ? fmt::format(" r=\"{}\"", run - i - 1) : "");
    i = run;
  }
  for (const auto& s : segments) {
    urls += fmt::format("          <SegmentURL mediaRange=\"{}-{}\"/>\n", s.offset, s.offset + s.size - 1);
  }
  return fmt::format(
      "        <SegmentList timescale=\"{}\">\n"
      "          <Initialization range=\"0-{}\"/>\n"
      "          <SegmentTimeline>\n{}          </SegmentTimeline>\n"
      "{}        </SegmentList>\n",
      t.format.timescale, t.layout.init_size - 1, timeline, urls);
}

std::string ratio(const Rational& r) { return fmt::format("{}:{}", r.num, r.den); }

std::string kind_attributes(const TrackFormat& f) {
  if (f.kind == TrackKind::audio) return fmt::format(" audioSamplingRate=\"{}\"", f.sample_rate);
  std::string out = fmt::format(" width=\"{}\" height=\"{}\" sar=\"{}\"", f.width, f.height,
                                ratio(f.sample_aspect.valid() ? f.sample_aspect : Rational{1, 1}));
  if (f.frame_rate.valid()) {
    const auto rate = reduced(f.frame_rate);
    out += rate.den == 1 ? fmt::format(" frameRate=\"{}\"", rate.num)
                         : fmt::format(" frameRate=\"{}/{}\"", rate.num, rate.den);
  }
  return out;
}

std::string representation(const Presentation& p, const PresentationTrack& t, std::string_view kind) {
  std::string out =
      fmt::format("      <Representation id=\"{}\" bandwidth=\"{}\" codecs=\"{}\"{}>\n",
                  escaped(fmt::format("{}-{}", kind, t.name)), std::max<std::int64_t>(t.bit_rates.peak, 1),
                  escaped(t.format.codecs), kind_attributes(t.format));
  if (t.format.kind == TrackKind::audio) {
    out += fmt::format(
        "        <AudioChannelConfiguration schemeIdUri=\"urn:mpeg:dash:23003:3:audio_channel_configuration:2011\" "
        "value=\"{}\"/>\n",
        t.format.channels == 8 ? 7 : t.format.channels);
  }
  out += fmt::format("        <BaseURL>{}</BaseURL>\n", escaped(url(t.file)));
  return out + (p.finished ? segment_base(t) : segment_list(t)) + "      </Representation>\n";
}

// Players that show no HDR leave such a set alone (ISO/IEC 23091-2 code points).
std::string colour(const TrackFormat& f) {
  if (f.kind != TrackKind::video || f.video_range == "SDR") return "";
  return fmt::format(
      "      <EssentialProperty schemeIdUri=\"urn:mpeg:mpegB:cicp:ColourPrimaries\" value=\"9\"/>\n"
      "      <EssentialProperty schemeIdUri=\"urn:mpeg:mpegB:cicp:TransferCharacteristics\" value=\"{}\"/>\n",
      f.video_range == "PQ" ? 16 : 18);
}

std::string language_attribute(const std::string& language) {
  const auto tag = bcp47_language(language);
  return tag == "und" ? "" : fmt::format(" lang=\"{}\"", tag);
}

std::string label(const std::string& title) {
  return title.empty() ? "" : fmt::format("      <Label>{}</Label>\n", escaped(title));
}

std::string role(std::string_view value) {
  return fmt::format("      <Role schemeIdUri=\"urn:mpeg:dash:role:2011\" value=\"{}\"/>\n", value);
}

// Representations of one set can be switched between while playing: the same codec, language and colour.
std::string set_key(const PresentationTrack& t) {
  return t.format.kind == TrackKind::video
             ? t.format.codec + "/" + t.format.video_range
             : fmt::format("{}/{}/{}/{}", t.format.codec, t.format.channels, bcp47_language(t.language), t.title);
}

std::string adaptation_sets(const Presentation& p, const std::vector<PresentationTrack>& tracks, std::string_view kind,
                            int& id) {
  std::string out;
  std::vector<std::string> done;
  const bool marked = std::ranges::any_of(tracks, &PresentationTrack::is_default);
  for (const auto& first : tracks) {
    if (std::ranges::find(done, set_key(first)) != done.end()) continue;
    done.push_back(set_key(first));
    out += fmt::format(
        "    <AdaptationSet id=\"{}\" contentType=\"{}\" mimeType=\"{}/mp4\"{} {}Alignment=\"true\"{} "
        "startWithSAP=\"1\">\n",
        id++, kind, kind, first.format.kind == TrackKind::audio ? language_attribute(first.language) : "",
        p.finished ? "subsegment" : "segment", p.finished ? " subsegmentStartsWithSAP=\"1\"" : "");
    if (first.format.kind == TrackKind::audio) {
      out += label(first.title);
      out += role(first.is_default || (!marked && &first == &tracks.front()) ? "main" : "alternate");
    }
    out += colour(first.format) + protection(p.encryption);
    for (const auto& track : tracks) {
      if (set_key(track) == set_key(first)) out += representation(p, track, kind);
    }
    out += "    </AdaptationSet>\n";
  }
  return out;
}

std::string subtitle_set(const PresentationSubtitle& s, int id) {
  return fmt::format(
      "    <AdaptationSet id=\"{}\" contentType=\"text\" mimeType=\"text/vtt\"{}>\n{}{}"
      "      <Representation id=\"text-{}-{}\" bandwidth=\"1000\">\n"
      "        <BaseURL>{}</BaseURL>\n"
      "      </Representation>\n"
      "    </AdaptationSet>\n",
      id, language_attribute(s.language), label(s.title), role(s.is_forced ? "forced-subtitle" : "subtitle"), id,
      escaped(s.name), escaped(url(s.file)));
}

}  // namespace

std::string dash_manifest(const Presentation& p) {
  if (p.encryption && p.encryption->scheme == EncryptionScheme::aes128) return "";
  const auto longest = longest_segment(p);
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\"";
  if (p.encryption) out += " xmlns:cenc=\"urn:mpeg:cenc:2013\" xmlns:dashif=\"https://dashif.org/CPS\"";
  const bool grows = !p.finished && !p.complete;
  out +=
      fmt::format(" profiles=\"urn:mpeg:dash:profile:{}:2011\" type=\"{}\" mediaPresentationDuration=\"{}\"",
                  p.finished ? "isoff-on-demand" : "full", grows ? "dynamic" : "static", seconds(p.duration_seconds));
  if (grows)
    out += fmt::format(" availabilityStartTime=\"{}\" minimumUpdatePeriod=\"{}\"", escaped(p.availability_start),
                       seconds(std::max(longest, 1.0)));
  out += fmt::format(" minBufferTime=\"{}\">\n", seconds(std::max(longest, 1.0)));
  if (grows && !p.follow_manifest.empty())
    out += fmt::format("  <Location>{}</Location>\n", escaped(p.follow_manifest));
  out += "  <Period id=\"0\" start=\"PT0S\">\n";
  int id = 0;
  out += adaptation_sets(p, p.video, "video", id);
  out += adaptation_sets(p, p.audio, "audio", id);
  for (const auto& subtitle : p.subtitles) out += subtitle_set(subtitle, id++);
  return out + "  </Period>\n</MPD>\n";
}

}  // namespace vf::media
