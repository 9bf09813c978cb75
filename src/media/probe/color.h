// Colour, high dynamic range and pixel layout of a video stream.
#pragma once

#include "media/probe/media_info.h"

struct AVFrame;
struct AVStream;

namespace vf::media {

// From the codec parameters and the stream's side data. PQ is named "hdr10", HLG "hlg"; a Dolby Vision
// configuration record wins ("dolby-vision"): `transfer` still tells what its base layer is.
ColorInfo color_of(const AVStream* stream);

// The mastering data a decoded frame carries (SEI messages, OBU metadata); nothing without any.
std::optional<HdrMetadata> mastering_of(const AVFrame* frame);

// Fills pixel_format, bit_depth, chroma and has_alpha.
void describe_pixels(int pixel_format, VideoInfo& video);

}  // namespace vf::media
