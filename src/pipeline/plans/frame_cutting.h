// Where the work of `frames` is cut: into stages, and inside them into runs of frames that are decoded
// one after the other. Decided from the source and the wanted frames only, never from the machine.
#pragma once

#include <vector>

#include "media/stills/frame_list.h"
#include "pipeline/plans/inspection.h"

namespace vf::pipeline {

// `wanted`: positions in the index, ascending. Empty where nothing is wanted.
std::vector<media::stills::FrameList> cut_frames(const Inspection& source, const std::vector<std::int64_t>& wanted);

// The same frames for one stage.
media::stills::FrameList list_frames(const Inspection& source, const std::vector<std::int64_t>& wanted);

}  // namespace vf::pipeline
