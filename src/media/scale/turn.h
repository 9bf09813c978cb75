// Rotation and mirroring of planar pictures. Internal to scale.
#pragma once

struct AVFrame;

namespace vf::media {

// Writes `from`, mirrored left to right if asked and then turned clockwise by 0, 90, 180 or 270
// degrees, to `to` (same planar format; width and height swapped for 90 and 270).
void turn(const AVFrame& from, AVFrame& to, int rotation, bool mirrored);

}  // namespace vf::media
