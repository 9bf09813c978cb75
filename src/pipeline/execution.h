// The worker's side of one execution: descriptors and request out, progress and results back.
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "jobs/plan.h"
#include "media/sandbox/child.h"
#include "pipeline/stage_protocol.h"

namespace vf::pipeline {

struct ExecutionRequest {
  WireRequest wire;      // places refer to `fds`, counted from 1 (0 is the request itself)
  std::vector<int> fds;  // inputs and outputs; the caller keeps them open
  media::Limits limits;
};

struct ExecutionOutcome {
  Result<std::vector<json::value>> results;
  jobs::StageUsage usage;
};

// Blocks until the child ended. Never throws what the child says: a malformed answer, a crash or a
// breached cap becomes an Error.
ExecutionOutcome execute(media::Nursery& nursery, const ExecutionRequest& request,
                         const std::function<void(double)>& on_progress, std::stop_token stop);

}  // namespace vf::pipeline
