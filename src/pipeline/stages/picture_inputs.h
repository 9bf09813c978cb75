// The files that a chain of pictures reads, as stage inputs: always the source first, then, where
// the PictureSpec asks for them and in this order, the watermark, the subtitle file and the font.
#pragma once

#include <string>
#include <vector>

#include "media/scale/picture_chain.h"
#include "pipeline/stage_kind.h"

namespace vf::pipeline {

// The names of the sources, for the planner.
std::vector<std::string> picture_sources(const media::PictureSpec& picture);

// Their descriptors among the inputs of a stage's first member.
media::PictureResources picture_resources(const media::PictureSpec& picture, const StageCall& call);

}  // namespace vf::pipeline
