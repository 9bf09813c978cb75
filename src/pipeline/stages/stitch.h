// Stage `stitch`: the header of a track, once all its chunks are known. Reads results only.
//   inputs  one per chunk, in order: what made it
//   output  the header: ftyp, moov, sidx
//   result  StitchResult
#pragma once

#include "media/package/track_header.h"

namespace vf::pipeline {

struct StitchParams {
  std::string language = "und";
  std::string title;
  std::string key_id;  // 32 hexadecimal digits: announces cbcs
  bool index = true;   // see media::HeaderOptions
};
BOOST_DESCRIBE_STRUCT(StitchParams, (), (language, title, key_id, index))

struct StitchResult {
  media::TrackFormat format;
  media::TrackLayout layout;
  std::int64_t frames = 0;
  std::int64_t duration = 0;  // ticks, after the edit list
};
BOOST_DESCRIBE_STRUCT(StitchResult, (), (format, layout, frames, duration))

}  // namespace vf::pipeline
