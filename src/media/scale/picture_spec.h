// What becomes of every picture of a source on its way to the encoders, as plain data.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/rational.h"

namespace vf::media {

enum class Deinterlace {
  off,
  flagged,    // only the frames that say they are interlaced, in the field order they say
  top_first,  // every frame, whatever it says
  bottom_first,
};
BOOST_DESCRIBE_ENUM(Deinterlace, off, flagged, top_first, bottom_first)

// A rectangle of the upright picture in square pixels (what the viewer sees), before scaling.
struct Crop {
  int width = 0;
  int height = 0;
  int x = 0;
  int y = 0;
};
BOOST_DESCRIBE_STRUCT(Crop, (), (width, height, x, y))

enum class Corner { top_left, top_right, bottom_left, bottom_right, center };
BOOST_DESCRIBE_ENUM(Corner, top_left, top_right, bottom_left, bottom_right, center)

// A picture laid over every frame; the file comes as PictureResources::watermark_fd.
struct Watermark {
  Corner corner = Corner::bottom_right;
  double opacity = 1.0;  // 0..1, times the picture's own alpha
  double width = 0.15;   // of the video's width
  double margin = 0.02;  // of the video's smaller side
};
BOOST_DESCRIBE_STRUCT(Watermark, (), (corner, opacity, width, margin))

// Subtitles drawn into the pictures; the file comes as PictureResources::subtitle_fd.
struct BurnSubtitles {
  int stream_index = 0;   // text (SubRip, ASS, WebVTT, mov_text) or pictures (PGS, DVB, DVD)
  bool own_file = false;  // a file of its own: its time 0 is the origin, not the source's clock
};
BOOST_DESCRIBE_STRUCT(BurnSubtitles, (), (stream_index, own_file))

struct PictureSpec {
  int rotation = 0;              // degrees clockwise that set it upright: 0, 90, 180, 270
  bool mirrored = false;         // flipped left to right, before the rotation
  Rational sample_aspect{1, 1};  // of the coded samples; used to place the crop
  Deinterlace deinterlace = Deinterlace::off;
  std::optional<Crop> crop;
  std::optional<Watermark> watermark;
  std::optional<BurnSubtitles> burn;
  double hdr_peak = 0;  // cd/m2, brightest light of an HDR source; 0 = from its metadata, else 1000
};
BOOST_DESCRIBE_STRUCT(PictureSpec, (),
                      (rotation, mirrored, sample_aspect, deinterlace, crop, watermark, burn, hdr_peak))

// Width and height in pixels.
struct Size {
  int width = 0;
  int height = 0;
  friend bool operator==(const Size&, const Size&) = default;
};
BOOST_DESCRIBE_STRUCT(Size, (), (width, height))

// One size of the result. SDR pictures are BT.709 limited range whatever the source was; with
// keep_hdr an HDR source keeps its light (BT.2020, PQ or HLG, 10 bit) and an SDR one becomes SDR.
struct Target {
  std::string name;  // "1080p"
  int width = 0;     // square pixels, even
  int height = 0;
  std::string pixel_format = "yuv420p";  // or "yuv420p10le"
  bool keep_hdr = false;
  bool keep_matrix = false;  // SDR colours stay in the source's own matrix: what a copy is held against
  // Sizes that the picture takes on its way here, largest first: targets that name the same ones share
  // the work. Part of the target, so that its bytes do not depend on which others are made beside it.
  std::vector<Size> through = {};
  friend bool operator==(const Target&, const Target&) = default;
};
BOOST_DESCRIBE_STRUCT(Target, (), (name, width, height, pixel_format, keep_hdr, keep_matrix, through))

}  // namespace vf::media
