// Stage `subtitles`: one text track as WebVTT.
//   inputs  the source, or a subtitle file
//   output  the document
//   result  SubtitlesResult
#pragma once

#include "media/subtitles/webvtt.h"

namespace vf::pipeline {

struct SubtitlesParams {
  media::subtitles::SubtitleSpec spec;
  bool own_file = false;  // the input is a subtitle file, not a stream of a video
};
BOOST_DESCRIBE_STRUCT(SubtitlesParams, (), (spec, own_file))

struct SubtitlesResult {
  int cues = 0;
  std::vector<media::Warning> warnings;
};
BOOST_DESCRIBE_STRUCT(SubtitlesResult, (), (cues, warnings))

}  // namespace vf::pipeline
