// Stage `audio`: one whole sound track, encoded or copied.
//   inputs  the source
//   outputs fragments; a header for them alone (what verify decodes them with)
//   result  media::audio::AudioTrack (a chunk_result.h)
#pragma once

#include "media/audio/audio_track.h"

namespace vf::pipeline {

struct AudioParams {
  media::audio::AudioSpec spec;
  bool copy = false;
};
BOOST_DESCRIBE_STRUCT(AudioParams, (), (spec, copy))

}  // namespace vf::pipeline
