#include "pipeline/stage_child.h"

#include <algorithm>
#include <exception>

#include "base/fd.h"
#include "media/av/version.h"
#include "pipeline/stage_kind.h"
#include "pipeline/stage_protocol.h"

namespace vf::pipeline {
namespace {

constexpr std::int64_t kMaxRequestBytes = 64 << 20;
constexpr double kProgressStep = 0.005;

Result<std::vector<int>> look_up(const std::vector<int>& places, const std::vector<int>& fds) {
  std::vector<int> out;
  for (const int place : places) {
    if (place < 1 || place >= static_cast<int>(fds.size()))
      return fail(ErrorCode::internal, "The stage request names a descriptor that was not handed over.");
    out.push_back(fds[static_cast<std::size_t>(place)]);
  }
  return out;
}

Result<StageCall> read_call(const WireRequest& request, const std::vector<int>& fds) {
  StageCall call;
  call.decode_threads = std::clamp(request.decode_threads, 1, 16);
  for (const auto& wire : request.members) {
    StageMember member{wire.params, {}, VF_TRY(look_up(wire.outputs, fds))};
    for (const auto& input : wire.inputs) member.inputs.push_back({input.result, VF_TRY(look_up(input.fds, fds))});
    call.members.push_back(std::move(member));
  }
  return call;
}

void send(int control_fd, const WireLine& line) { (void)write_all(control_fd, dump(to_json(line)) + "\n"); }

Result<std::vector<json::value>> run(int control_fd, const std::vector<int>& fds) {
  if (fds.empty()) return fail(ErrorCode::internal, "The stage was started without a request.");
  const auto request = VF_TRY(from_json_text<WireRequest>(VF_TRY(read_whole(fds[0], kMaxRequestBytes))));
  const auto* kind = find_stage_kind(request.kind);
  if (!kind) return fail(ErrorCode::internal, fmt::format("Nobody knows a stage of the kind '{}'.", request.kind));
  auto call = VF_TRY(read_call(request, fds));
  double told = 0;
  call.progress = [&](double fraction) {
    if (fraction < told + kProgressStep) return;
    told = std::clamp(fraction, 0.0, 1.0);
    send(control_fd, {told, {}, {}});
  };
  return kind->run(call);
}

}  // namespace

int run_stage_child(int control_fd, const std::vector<int>& fds) {
  media::av::quiet_libraries();
  auto results = [&]() -> Result<std::vector<json::value>> {
    try {
      return run(control_fd, fds);
    } catch (const std::bad_alloc&) {
      return fail(ErrorCode::no_memory, "There is not enough memory for this video.");
    } catch (const std::exception& e) {
      return fail(ErrorCode::internal, "A stage ended unexpectedly.", e.what());
    }
  }();
  if (results)
    send(control_fd, {{}, std::move(*results), {}});
  else
    send(control_fd,
         {{},
          {},
          WireError{std::string(to_string(results.error().code)), results.error().message, results.error().detail}});
  return 0;
}

}  // namespace vf::pipeline
