// Draws the watermark and the subtitles into pictures. Internal to scale.
#pragma once

#include <memory>

#include "base/error.h"
#include "media/scale/chain_plan.h"
#include "media/scale/picture_chain.h"

namespace vf::media {

// Errors: invalid_input where the watermark or the subtitles cannot be read.
Result<std::unique_ptr<Artist>> make_artist(const PictureSpec& spec, const PictureClock& clock,
                                            const PictureResources& resources);

}  // namespace vf::media
