// Text subtitles as WebVTT (W3C WebVTT): from a stream inside a video, or from a SubRip, WebVTT or
// ASS file beside it.
//
// What comes out is safe to hand to any browser: of the markup only <b>, <i> and <u> remain, well
// nested, and everything else is escaped text. No styles, no scripts, no positions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "media/probe/media_info.h"

namespace vf::media::subtitles {

struct SubtitleSpec {
  int stream_index = 0;
  double start_seconds = 0;     // on the source's time line: becomes 0
  double duration_seconds = 0;  // cues after it are left out, cues across it shortened; 0 = all
};
BOOST_DESCRIBE_STRUCT(SubtitleSpec, (), (stream_index, start_seconds, duration_seconds))

struct WebVtt {
  std::string document;  // complete and valid, also without a single cue
  int cues = 0;
  std::vector<Warning> warnings;
};

constexpr int kMaxCues = 50'000;             // more are left out, with a warning
constexpr std::size_t kMaxCueBytes = 4'096;  // of one cue's text
constexpr std::int64_t kMaxSubtitleFileBytes = 16LL << 20;

// A text subtitle stream (SubRip, ASS/SSA, mov_text, WebVTT, plain text). Errors: invalid_argument (no
// such subtitle stream), unsupported_input (pictures, or no decoder).
Result<WebVtt> stream_to_webvtt(int fd, const SubtitleSpec& spec);

// A file of its own in UTF-8, UTF-16 or Windows-1252 (which contains Latin-1). Its time 0 is the
// video's first picture plus what `spec.start_seconds` says (a clip); `stream_index` is not read.
// Errors: unsupported_input (none of the three formats), limit_exceeded (over 16 MiB).
Result<WebVtt> file_to_webvtt(int fd, const SubtitleSpec& spec);

// The same from the file's bytes: what the fuzzer drives.
Result<WebVtt> text_to_webvtt(std::string_view bytes, const SubtitleSpec& spec);

}  // namespace vf::media::subtitles
