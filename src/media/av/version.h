// Which libav this is, and how much it says.
#pragma once

#include <string>

namespace vf::media::av {

// "avformat 59.27.100 avcodec 59.37.100 ..." as linked at run time.
std::string library_versions();

// "avcodec 1f0c5e0a9b7d x264 77aa01b2c3d4 ...": the exact builds of libav and its encoders, as the linker
// named them. Part of every stage's version whose bytes they decide; empty names are left out.
std::string library_builds();

// Lets libav say on stderr only what ends the work; for a process that nobody watches.
void quiet_libraries();

}  // namespace vf::media::av
