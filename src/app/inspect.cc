#include "app/inspect.h"

#include "pipeline/stages/probe.h"

namespace vf::app {

Result<pipeline::Inspection> inspect(StageRunner& stages, const SourceFile& source, const InspectOptions& options) {
  const auto stage = pipeline::probe_stage(source.blob.size, options.loudness);
  const auto report =
      VF_TRY(stages.run({{stage}}, {{pipeline::kVideoSource, source.source()}}, StageRunner::Phase::look));
  const auto& output = report.outputs.at("probe");
  pipeline::Inspection inspection;
  inspection.info = VF_TRY(from_json<media::MediaInfo>(output.result));
  const auto index = VF_TRY(stages.blobs().open(output.blobs.at(0)));
  inspection.index =
      VF_TRY(from_json_text<media::VideoIndex>(VF_TRY(read_whole(index.get(), pipeline::kMaxIndexBytes))));
  return inspection;
}

}  // namespace vf::app
