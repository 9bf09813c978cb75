// Which libav this is, and how much it says.
#pragma once

#include <string>

namespace vf::media::av {

// "avformat 59.27.100 avcodec 59.37.100 ..." as linked at run time: part of every stage's version whose
// bytes libav decides.
std::string library_versions();

// Lets libav say on stderr only what ends the work; for a process that nobody watches.
void quiet_libraries();

}  // namespace vf::media::av
