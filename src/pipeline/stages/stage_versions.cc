#include "pipeline/stages/members.h"

#include "media/av/version.h"

namespace vf::pipeline {

namespace {

// Counts changes to what the demuxers and decoders hand to every stage.
constexpr int kReadersRevision = 2;

}  // namespace

std::string codec_version(int revision) {
  return fmt::format("{}.{} {} {}", kReadersRevision, revision, media::av::library_versions(),
                     media::av::library_builds());
}

}  // namespace vf::pipeline
