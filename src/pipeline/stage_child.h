// The child's side: reads the request, runs the stage, answers. Entered after the sandbox is closed.
#pragma once

#include <vector>

namespace vf::pipeline {

// `fds[0]` is the request. Returns the process's exit status: 0 once an answer (a result or an error)
// was written to `control_fd`.
int run_stage_child(int control_fd, const std::vector<int>& fds);

}  // namespace vf::pipeline
