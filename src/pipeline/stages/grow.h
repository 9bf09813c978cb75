// Stage `grow`: what can be watched of a set whose tracks are still being made: a header for each track, with
// room for the index to come, and manifests that say that more follows. Reads results only.
//   inputs  for every video track, then every audio track, what made its chunks so far, in order; then whatever
//           has to be done before anybody may see them
//   outputs the headers, then the manifests
//   result  GrowResult: which bytes the files are made of
//
// The headers are as long as the finished ones, so bytes that a player was told of keep their places when the
// track is finished (media/package/track_header.h).
#pragma once

#include "pipeline/stages/package.h"

namespace vf::pipeline {

struct GrowTrack {
  PackageTrack track;
  int chunks = 1;            // inputs that are its chunks
  int segments = 0;          // only the first so many are shown; 0: all
  int planned_segments = 0;  // once it is finished
  double planned_seconds = 0;
};
BOOST_DESCRIBE_STRUCT(GrowTrack, (), (track, chunks, segments, planned_segments, planned_seconds))

struct GrowParams {
  double duration_seconds = 0;         // of the finished set
  std::string availability_start;      // RFC 3339
  std::string follow_manifest;         // where the MPD stays for those who follow it
  double target_duration_seconds = 0;  // no segment will be longer
  bool complete = false;               // nothing is missing any more: for players that followed from the start
  std::vector<GrowTrack> video;
  std::vector<GrowTrack> audio;
};
BOOST_DESCRIBE_STRUCT(GrowParams, (),
                      (duration_seconds, availability_start, follow_manifest, target_duration_seconds, complete, video,
                       audio))

// A file is one output of the stage, followed by what some of its inputs wrote first.
struct GrownFile {
  std::string name;
  int output = 0;
  std::vector<int> inputs;
};
BOOST_DESCRIBE_STRUCT(GrownFile, (), (name, output, inputs))

struct GrowResult {
  std::vector<GrownFile> files;  // in the order in which they may appear: media before the manifests
  double shown_seconds = 0;      // that can be watched
};
BOOST_DESCRIBE_STRUCT(GrowResult, (), (files, shown_seconds))

int grow_outputs(const GrowParams& params);

}  // namespace vf::pipeline
