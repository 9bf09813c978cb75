// From the markup of subtitle formats to safe WebVTT cue text. Internal to the room.
#pragma once

#include <string>
#include <string_view>

namespace vf::media::subtitles {

// SubRip and WebVTT text: HTML-like tags; <b>, <i> and <u> stay, all others go, their content stays
// (that of <script> and <style> goes too). `entities`: &amp; and its kin are already escapes (WebVTT).
std::string clean_tagged_text(std::string_view text, bool entities);

// The text field of an ASS event: {\b1} and its kin become tags, other overrides and drawings go.
std::string clean_ass_text(std::string_view text);

// Text in any of the encodings of webvtt.h as UTF-8 with \n line ends, without a byte order mark.
std::string to_utf8(std::string_view bytes);

// Whether the bytes are well-formed UTF-8 (RFC 3629).
bool is_utf8(std::string_view bytes);

}  // namespace vf::media::subtitles
