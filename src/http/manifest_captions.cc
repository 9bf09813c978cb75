#include "http/manifest_captions.h"

#include <fmt/format.h>

namespace vf::http {
namespace {

// Labels are people's text: a quoted string of a playlist knows no escapes, so what would end it goes.
std::string quotable(std::string_view text) {
  std::string out;
  for (const char c : text)
    if (c != '"' && static_cast<unsigned char>(c) >= 0x20) out += c;
  return out;
}

std::string xml_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
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
      default:
        if (static_cast<unsigned char>(c) >= 0x20) out += c;
    }
  }
  return out;
}

// The group that the set's own subtitles are in, or a new one.
std::string subtitle_group(const std::string& master) {
  const auto at = master.find("SUBTITLES=\"");
  if (at == std::string::npos) return "subs";
  const auto begin = at + 11;
  return master.substr(begin, master.find('"', begin) - begin);
}

}  // namespace

std::string with_captions_hls(std::string master, const std::vector<store::Caption>& captions) {
  const auto group = subtitle_group(master);
  std::string media;
  for (const auto& caption : captions)
    media += fmt::format(
        "#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"{}\",NAME=\"{}\",LANGUAGE=\"{}\",DEFAULT=NO,AUTOSELECT=YES,"
        "FORCED=NO,URI=\"{}.captions.m3u8\"\n",
        group, quotable(caption.label), caption.language, caption.language);
  std::string out;
  bool placed = false;
  std::size_t at = 0;
  while (at < master.size()) {
    auto end = master.find('\n', at);
    if (end == std::string::npos) end = master.size();
    auto line = master.substr(at, end - at);
    at = end + 1;
    if (line.starts_with("#EXT-X-STREAM-INF:")) {
      if (!placed) out += media;
      placed = true;
      if (!line.contains("SUBTITLES=")) line += fmt::format(",SUBTITLES=\"{}\"", group);
    }
    out += line + '\n';
  }
  return out;
}

std::string with_captions_dash(std::string manifest, const std::vector<store::Caption>& captions) {
  const auto end = manifest.rfind("</Period>");
  if (end == std::string::npos) return manifest;
  std::string sets;
  for (const auto& caption : captions)
    sets += fmt::format(
        "    <AdaptationSet contentType=\"text\" mimeType=\"text/vtt\" lang=\"{0}\">\n"
        "      <Role schemeIdUri=\"urn:mpeg:dash:role:2011\" value=\"subtitle\"/>\n"
        "      <Label>{1}</Label>\n"
        "      <Representation id=\"captions_{0}\" bandwidth=\"1000\">\n"
        "        <BaseURL>{0}.vtt</BaseURL>\n"
        "      </Representation>\n"
        "    </AdaptationSet>\n",
        caption.language, xml_text(caption.label));
  // Whole lines: the closing tag keeps its indent.
  const auto line = manifest.rfind('\n', end);
  manifest.insert(line == std::string::npos ? end : line + 1, sets);
  return manifest;
}

std::string caption_playlist(const store::Caption& caption, std::int64_t duration_ms) {
  const double seconds = static_cast<double>(std::max<std::int64_t>(duration_ms, 1)) / 1000;
  return fmt::format(
      "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-TARGETDURATION:{}\n#EXT-X-MEDIA-SEQUENCE:0\n"
      "#EXTINF:{:.3f},\n{}.vtt\n#EXT-X-ENDLIST\n",
      static_cast<std::int64_t>(seconds) + 1, seconds, caption.language);
}

}  // namespace vf::http
