// Captions as people upload them, made safe to serve: SubRip or WebVTT in, clean WebVTT out.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace vf::http {

// Cues keep their times and their text with b, i, u, v and lang tags; every other tag, style, region and note goes,
// and what could end a cue early is written as text. W3C WebVTT 1.0; SubRip has no specification. Errors:
// invalid_input (neither of the two, no cue, not UTF-8), limit_exceeded (more than 20,000 cues).
Result<std::string> clean_captions(std::string_view text);

// A well-formed language tag of the common form: "en", "pt-BR", "zh-Hant-TW" (BCP 47).
bool is_language_tag(std::string_view text);

}  // namespace vf::http
