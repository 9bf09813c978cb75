// Stage `picture`: whether a picture can be laid over a video.
//   params  {}
//   inputs  the picture
//   result  media::Still
#include "media/scale/still.h"
#include "pipeline/stages/kinds.h"
#include "pipeline/stages/members.h"

namespace vf::pipeline {
namespace {

struct Params {};
BOOST_DESCRIBE_STRUCT(Params, (), ())

std::string version() { return codec_version(1); }

Result<std::vector<json::value>> run(const StageCall& call) {
  return for_each_member<Params>(call, [](const auto&, const auto& member, const auto&) {
    return media::look_at_still(member.inputs.at(0).fds.at(0));
  });
}

}  // namespace

const StageKind kPictureStage{"picture", &version, &run};

}  // namespace vf::pipeline
