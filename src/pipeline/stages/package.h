// Stage `package`: playlists and manifest, from the tracks' headers. Reads results only.
//   inputs  the `stitch` stage of every video track, then of every audio track
//   outputs one text each, in the order of PackageResult::names
//   result  PackageResult
#pragma once

#include "media/package/presentation.h"

namespace vf::pipeline {

// What a header does not say about its track.
struct PackageTrack {
  std::string name;
  std::string file;
  std::string language = "und";
  std::string title;
  bool is_default = false;
};
BOOST_DESCRIBE_STRUCT(PackageTrack, (), (name, file, language, title, is_default))

struct PackageParams {
  double duration_seconds = 0;
  std::vector<PackageTrack> video;
  std::vector<PackageTrack> audio;
  std::vector<media::PresentationSubtitle> subtitles;
  std::optional<media::PresentationEncryption> encryption;
};
BOOST_DESCRIBE_STRUCT(PackageParams, (), (duration_seconds, video, audio, subtitles, encryption))

struct PackageResult {
  std::vector<std::string> names;
  media::Presentation presentation;
};
BOOST_DESCRIBE_STRUCT(PackageResult, (), (names, presentation))

// How many texts such a set has: master, a playlist a track and subtitle, and the DASH manifest
// where there is one.
int package_outputs(const PackageParams& params);

}  // namespace vf::pipeline
