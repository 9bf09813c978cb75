// A subtitle on its way to WebVTT, and the writing of the document. Internal to the room.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "media/subtitles/webvtt.h"

namespace vf::media::subtitles {

struct Cue {
  std::int64_t start_ms = 0;  // of the source's time line
  std::int64_t end_ms = 0;    // <= start: until the next one, five seconds at most
  std::string text;           // WebVTT cue text, cleaned by markup.h
  std::size_t order = 0;      // among cues that start together: as they came
};

// Puts the cues in order, moves them to the range of the spec and writes them.
WebVtt write_document(std::vector<Cue> cues, const SubtitleSpec& spec);

}  // namespace vf::media::subtitles
