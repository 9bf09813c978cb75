// Stage `mux`: one finished file from tracks, edges and the source's own packets.
//   params  media::mux::MuxSpec
//   inputs  the source; `probe` with its index; then what the spec names by number
//   output  the file
//   result  media::mux::MuxResult
#include "media/mux/mux.h"

#include "pipeline/stages/kinds.h"
#include "pipeline/stages/members.h"
#include "pipeline/stages/probe.h"

namespace vf::pipeline {
namespace {

std::string version() { return codec_version(1); }

// An input is an edge where its result says so; those of tracks and texts are told by their bytes alone.
Result<media::mux::MuxInput> read_input(const InputView& view) {
  media::mux::MuxInput out{view.fds, {}};
  const auto* object = view.result.if_object();
  if (object && object->contains("parameter_sets")) out.edge = VF_TRY(from_json<media::cut::EdgeResult>(view.result));
  return out;
}

Result<media::mux::MuxResult> mux(const media::mux::MuxSpec& spec, const StageMember& member,
                                  const std::function<void(double)>& progress) {
  const auto index = VF_TRY(read_video_index(member.inputs.at(1)));
  std::vector<media::mux::MuxInput> inputs;
  for (const auto& view : member.inputs) inputs.push_back(VF_TRY(read_input(view)));
  return media::mux::write_file(spec, index, inputs, member.outputs.at(0), progress);
}

Result<std::vector<json::value>> run(const StageCall& call) {
  return for_each_member<media::mux::MuxSpec>(
      call, [](const auto& spec, const auto& member, const auto& progress) { return mux(spec, member, progress); });
}

}  // namespace

const StageKind kMuxStage{"mux", &version, &run};

}  // namespace vf::pipeline
