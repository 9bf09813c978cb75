// One subtitle stream, read as the film goes: what is to be drawn at a time. Internal to scale.
//
// Text is laid out by libass from memory alone: its fonts are those attached to the file and the one
// that is handed over, never the system's. Pictures (PGS, DVB, DVD) keep their place on their canvas.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "base/error.h"
#include "media/scale/draw.h"

namespace vf::media {

class SubtitleTrack {
 public:
  // Reading starts a minute before `start_seconds` (of the file's clock). `font_fd` -1: only what is
  // attached. Errors: not_found (no such subtitle stream), unsupported_input, as av::Input::open.
  // `own_file`: subtitles alone are no film, and are read only where they are expected.
  static Result<std::unique_ptr<SubtitleTrack>> open(int fd, int stream_index, int font_fd, double start_seconds,
                                                     bool own_file = false);
  ~SubtitleTrack();

  // Reads on up to `seconds`; times must not go back.
  Result<void> advance(double seconds);

  struct Painter {
    std::function<void(const Mask&, const Ink&)> mask;
    std::function<void(const RgbaImage&, int x, int y)> image;
  };
  // Whether anything is shown at that time on a picture of that size; if so it was painted.
  bool paint(double seconds, int width, int height, const Light& light, int bits, const Painter& painter);

 private:
  struct State;
  explicit SubtitleTrack(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// The family name of a TrueType or OpenType font (ISO/IEC 14496-22 5.2.5), "" when there is none.
std::string font_family(std::string_view font);

}  // namespace vf::media
