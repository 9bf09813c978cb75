#include "pipeline/stages/members.h"

#include "media/av/version.h"

namespace vf::pipeline {

std::string codec_version(int revision) {
  return fmt::format("{} {} {}", revision, media::av::library_versions(), media::av::library_builds());
}

}  // namespace vf::pipeline
