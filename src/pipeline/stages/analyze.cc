#include "pipeline/stages/analyze.h"

#include <algorithm>

#include "base/fd.h"
#include "media/analysis/video_chunk.h"
#include "pipeline/stages/kinds.h"
#include "pipeline/stages/members.h"
#include "pipeline/stages/probe.h"

namespace vf::pipeline {
namespace {

using media::analysis::Interval;

constexpr std::size_t kFirstChunk = 2;  // among the inputs

std::string version() { return own_version(1); }

Result<void> add_video(const AnalyzeParams& params, const StageMember& member, AnalyzeResult& out) {
  if (params.chunks == 0) return {};
  std::vector<std::vector<media::analysis::FrameRecord>> chunks;
  std::int64_t errors_at_end = 0;
  std::optional<std::string> failure;
  for (std::size_t i = 0; i < static_cast<std::size_t>(params.chunks); ++i) {
    const auto& input = member.inputs.at(kFirstChunk + i);
    const auto chunk = VF_TRY(from_json<media::analysis::VideoChunkResult>(input.result));
    chunks.push_back(VF_TRY(media::analysis::read_records(input.fds.at(0))));
    errors_at_end = chunk.errors_at_end;
    if (chunk.failure && !failure) failure = chunk.failure;
  }
  const auto records = media::analysis::join_records(chunks);
  if (failure) out.failures.push_back(fmt::format("Video that could not be looked at: {}", *failure));
  if (records.empty()) {
    if (!failure) out.failures.emplace_back("Not one picture of the video could be decoded.");
    return {};
  }
  const auto index = VF_TRY(read_video_index(member.inputs.at(0)));
  out.video = media::analysis::find_in_video(records, index, params.facts, errors_at_end);
  return {};
}

void move_times(media::analysis::SoundResult& sound, double by) {
  const auto move = [by](auto& list) {
    for (auto& one : list) one.from += by, one.to += by;
  };
  sound.start_seconds += by;
  sound.end_seconds += by;
  move(sound.silence);
  move(sound.clipping);
  move(sound.gaps);
  move(sound.overlaps);
  move(sound.lost);
  if (sound.loudness) sound.loudness->true_peak_seconds += by;
}

Result<void> add_sound(const AnalyzeParams& params, const StageMember& member, AnalyzeResult& out) {
  const auto first = kFirstChunk + static_cast<std::size_t>(params.chunks);
  for (std::size_t i = 0; i < params.sound_streams.size(); ++i) {
    AnalyzedSound one;
    one.stream = params.sound_streams[i];
    one.sound = VF_TRY(from_json<media::analysis::SoundResult>(member.inputs.at(first + i).result));
    if (one.sound.failure) {
      out.failures.push_back(fmt::format("Sound stream {}: {}", one.stream, *one.sound.failure));
      continue;
    }
    move_times(one.sound, -params.facts.origin_seconds);
    if (out.video) {
      one.start_offset_ms = (one.sound.start_seconds - out.video->start_seconds) * 1000;
      one.end_offset_ms = (one.sound.end_seconds - out.video->end_seconds) * 1000;
    }
    out.audio.push_back(std::move(one));
  }
  return {};
}

Result<AnalyzeSummary> analyze(const AnalyzeParams& params, const StageMember& member) {
  AnalyzeResult out;
  VF_CHECK(add_video(params, member, out));
  VF_CHECK(add_sound(params, member, out));
  if (!out.video && out.audio.empty())
    return fail(ErrorCode::invalid_input,
                out.failures.empty() ? "There is neither a picture nor a sound in this file."
                                     : fmt::format("Nothing in this file can be decoded. {}", out.failures.front()));
  out.bits = VF_TRY(from_json<media::analysis::PacketResult>(member.inputs.at(1).result)).streams;
  for (auto& stream : out.bits) stream.start_seconds -= params.facts.origin_seconds;
  VF_CHECK(write_all(member.outputs.at(0), dump(to_json(out))));
  return AnalyzeSummary{out.video ? out.video->frames : 0};
}

Result<std::vector<json::value>> run(const StageCall& call) {
  return for_each_member<AnalyzeParams>(
      call, [](const auto& params, const auto& member, const auto&) { return analyze(params, member); });
}

}  // namespace

const StageKind kAnalyzeStage{"analyze", &version, &run};

}  // namespace vf::pipeline
