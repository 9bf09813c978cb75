// Stage `frames-archive`: the end of an archive of frames. Reads results only.
//   params  media::stills::ArchiveSpec
//   inputs  one per piece, in order: what `extract-frames` said
//   outputs frames.json as the last member; the directory
//   result  media::stills::Archive
#include "media/stills/archive.h"
#include "pipeline/stages/kinds.h"
#include "pipeline/stages/members.h"

namespace vf::pipeline {
namespace {

std::string version() { return own_version(1); }

Result<std::vector<json::value>> run(const StageCall& call) {
  return for_each_member<media::stills::ArchiveSpec>(
      call, [](const auto& spec, const auto& member, const auto&) -> Result<media::stills::Archive> {
        std::vector<media::stills::Extracted> pieces;
        for (const auto& input : member.inputs)
          pieces.push_back(VF_TRY(from_json<media::stills::Extracted>(input.result)));
        return media::stills::write_archive_end(spec, pieces, member.outputs.at(0), member.outputs.at(1));
      });
}

}  // namespace

const StageKind kFramesArchiveStage{"frames-archive", &version, &run};

}  // namespace vf::pipeline
