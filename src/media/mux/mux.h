// Writes one finished file from what the stages before it left, and from the source.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/error.h"
#include "media/cut/edge.h"
#include "media/mux/mux_spec.h"

namespace vf::media::mux {

// One input of the stage as it is handed over.
struct MuxInput {
  std::vector<int> fds;
  cut::EdgeResult edge;  // where the input is an edge
};

// `inputs` are numbered as the spec numbers them; number 0 is the source. `index` tells the times of the
// source's pictures. Errors: invalid_input (the source's packets cannot be put together so),
// unsupported_input (a codec that the container does not hold), no_space.
Result<MuxResult> write_file(const MuxSpec& spec, const VideoIndex& index, const std::vector<MuxInput>& inputs,
                             int out_fd, const std::function<void(double)>& progress = {});

}  // namespace vf::media::mux
