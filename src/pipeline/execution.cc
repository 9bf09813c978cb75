#include "pipeline/execution.h"

#include <cerrno>

#include <sys/mman.h>

#include "base/fd.h"

namespace vf::pipeline {
namespace {

Result<UniqueFd> request_file(const WireRequest& request) {
  UniqueFd fd(::memfd_create("stage-request", MFD_CLOEXEC));
  if (!fd) return std::unexpected(system_error(errno, "start a stage"));
  VF_CHECK(write_all(fd.get(), dump(to_json(request))));
  return fd;
}

// Takes the child's lines one by one; keeps the last answer.
struct Listener {
  const std::function<void(double)>& on_progress;
  std::size_t members;
  std::optional<Result<std::vector<json::value>>> answer;

  void line(std::string_view text) {
    auto parsed = from_json_text<WireLine>(text);
    if (!parsed) {
      answer = fail(ErrorCode::internal, "A stage answered with something that is not its protocol.",
                    std::string(text.substr(0, 200)));
    } else if (parsed->error) {
      answer = fail(error_code_from(parsed->error->code), parsed->error->message, parsed->error->detail);
    } else if (parsed->results) {
      if (parsed->results->size() == members)
        answer = std::move(*parsed->results);
      else
        answer = fail(ErrorCode::internal, "A stage answered with a wrong number of results.");
    } else if (parsed->progress && on_progress) {
      on_progress(std::clamp(*parsed->progress, 0.0, 1.0));
    }
  }
};

}  // namespace

ExecutionOutcome execute(media::Nursery& nursery, const ExecutionRequest& request,
                         const std::function<void(double)>& on_progress, std::stop_token stop) {
  const auto file = request_file(request.wire);
  if (!file) return {std::unexpected(file.error()), {}};
  media::SpawnSpec spec;
  spec.limits = request.limits;
  spec.fds.push_back(file->get());
  spec.fds.insert(spec.fds.end(), request.fds.begin(), request.fds.end());
  auto child = nursery.spawn(spec);
  if (!child) return {std::unexpected(child.error()), {}};

  Listener listener{on_progress, request.wire.members.size(), {}};
  const auto exit = child->wait([&](std::string_view text) { listener.line(text); }, stop);
  const jobs::StageUsage usage{exit.cpu_seconds, exit.wall_seconds, exit.peak_rss_bytes};
  const bool clean = exit.how == media::ChildExit::How::exited && exit.code_or_signal == 0;
  if (!clean) return {std::unexpected(media::error_from(exit, request.limits)), usage};
  // Also where this process could not read it: trying again tells.
  if (!listener.answer)
    return {fail(ErrorCode::unavailable, "A stage ended without an answer.", exit.stderr_tail), usage};
  return {std::move(*listener.answer), usage};
}

}  // namespace vf::pipeline
