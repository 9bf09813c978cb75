// The nursery's own side: the process that is forked for every stage (see child.h for why).
//
// `main` calls it before anything else, above all before the first thread:
//   if (is_nursery(argc, argv)) return run_nursery(argc, argv, &run_stage_child);
#pragma once

#include <vector>

namespace vf::media {

// Runs in the sandboxed child. `control_fd` takes lines of text for the parent, `fds` are the
// descriptors of SpawnSpec in their order; the return value is the exit status.
using StageMain = int (*)(int control_fd, const std::vector<int>& fds);

// True for the arguments that a Nursery starts this program with: `stage --nursery`.
bool is_nursery(int argc, char** argv);

// Makes children until the other process is gone. Returns this process's exit status: 0, or 2 where
// somebody typed the command by hand.
int run_nursery(int argc, char** argv, StageMain stage);

}  // namespace vf::media
