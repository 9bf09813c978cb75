#include "pipeline/stages/grow.h"

#include <algorithm>
#include <cmath>

#include "base/fd.h"
#include "media/package/playlists.h"
#include "pipeline/stages/chunk_result.h"
#include "pipeline/stages/kinds.h"
#include "pipeline/stages/members.h"

namespace vf::pipeline {
namespace {

std::string version() { return own_version(1); }

// The end of a track made only in part is no segment's end yet.
void keep_segments(media::TrackChunk& chunk, std::size_t count) {
  if (count == 0 || chunk.segments.size() <= count) return;
  chunk.segments.resize(count);
  chunk.duration = 0;
  chunk.frames = 0;
  for (const auto& segment : chunk.segments) {
    chunk.duration += segment.duration;
    chunk.frames += segment.frames;
  }
}

class Growing {
 public:
  Growing(const GrowParams& params, const StageMember& member) : params_(params), member_(member) {
    presentation_.duration_seconds = params.duration_seconds;
    presentation_.finished = false;
    presentation_.complete = params.complete;
    presentation_.follow_manifest = params.follow_manifest;
    presentation_.availability_start = params.availability_start;
    presentation_.target_duration_seconds = params.target_duration_seconds;
  }

  Result<GrowResult> run() {
    for (const auto& track : params_.video) presentation_.video.push_back(VF_TRY(add(track)));
    for (const auto& track : params_.audio) presentation_.audio.push_back(VF_TRY(add(track)));
    for (const auto& manifest : media::manifest_files(presentation_)) VF_CHECK(write(manifest.name, manifest.text, {}));
    // From the last to the first: media playlists before the master that names them.
    std::reverse(result_.files.begin() + static_cast<std::ptrdiff_t>(params_.video.size() + params_.audio.size()),
                 result_.files.end());
    return std::move(result_);
  }

 private:
  Result<media::PresentationTrack> add(const GrowTrack& track) {
    std::vector<media::TrackChunk> chunks;
    std::vector<int> inputs;
    for (int i = 0; i < track.chunks; ++i) {
      inputs.push_back(input_);
      chunks.push_back(VF_TRY(chunk_of(member_.inputs.at(static_cast<std::size_t>(input_++)).result)));
    }
    if (chunks.empty()) return fail(ErrorCode::internal, "A track without chunks cannot be shown.");
    keep_segments(chunks.front(), static_cast<std::size_t>(std::max(track.segments, 0)));
    const auto& format = chunks.front().format;
    media::HeaderOptions options;
    options.language = track.track.language;
    options.title = track.track.title;
    options.planned_segments = track.planned_segments;
    options.planned_duration = std::llround(track.planned_seconds * format.timescale);
    const auto header = VF_TRY(media::build_header(format, chunks, options));
    VF_CHECK(write(track.track.file, header.bytes, std::move(inputs)));
    const auto& last = header.layout.segments.back();
    const auto shown = static_cast<double>(last.start + last.duration) / format.timescale;
    result_.shown_seconds = result_.shown_seconds > 0 ? std::min(result_.shown_seconds, shown) : shown;
    const auto rates = media::measure_bit_rates(header.layout, format.timescale);
    return media::PresentationTrack{
        track.track.name,  track.track.file,      format, header.layout, rates, track.track.language,
        track.track.title, track.track.is_default};
  }

  Result<void> write(const std::string& name, const std::string& bytes, std::vector<int> inputs) {
    const auto output = result_.files.size();
    if (output >= member_.outputs.size())
      return fail(ErrorCode::internal, "A growing set has more files than were planned.");
    VF_CHECK(write_all(member_.outputs[output], bytes));
    result_.files.push_back({name, static_cast<int>(output), std::move(inputs)});
    return {};
  }

  const GrowParams& params_;
  const StageMember& member_;
  media::Presentation presentation_;
  GrowResult result_;
  int input_ = 0;
};

Result<std::vector<json::value>> run(const StageCall& call) {
  return for_each_member<GrowParams>(
      call, [](const auto& params, const auto& member, const auto&) { return Growing(params, member).run(); });
}

}  // namespace

const StageKind kGrowStage{"grow", &version, &run};

int grow_outputs(const GrowParams& params) {
  constexpr int kManifests = 3;  // master, MPD, and the MPD for those who follow
  return static_cast<int>(2 * (params.video.size() + params.audio.size())) + kManifests;
}

}  // namespace vf::pipeline
