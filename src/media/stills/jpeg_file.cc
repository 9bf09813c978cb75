#include <algorithm>
#include <array>
#include <cmath>
#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <utility>

#include <jpeglib.h>

#include "media/stills/files.h"

extern "C" {
#include <libavutil/frame.h>
}

namespace vf::media::stills {
namespace {

// The default intra matrix of MPEG-1 video (ISO/IEC 11172-2 2.4.3.2), in rows.
constexpr std::array<unsigned, DCTSIZE2> kMatrix{
    8,  16, 19, 22, 26, 27, 29, 34, 16, 16, 22, 24, 27, 29, 34, 37, 19, 22, 26, 27, 29, 34,
    34, 38, 22, 22, 26, 27, 29, 34, 37, 40, 22, 26, 27, 29, 32, 35, 40, 48, 26, 27, 29, 32,
    35, 40, 48, 58, 26, 27, 29, 34, 38, 46, 56, 69, 27, 29, 35, 38, 46, 56, 69, 83,
};

// Half of it made even: at these qualities nearness to the source is what counts, and even steps give
// more of it for the same bytes. libjpeg rounds where others leave small coefficients out, so the steps
// are a little wider than theirs for the same size.
constexpr double kFlat = 0.5;
constexpr double kMean = 24;
constexpr double kChroma = 0.92;  // steps of chroma against those of luma

// Eighths of the matrix by quality, straight lines between.
struct Step {
  int quality;
  double scale;
};
constexpr std::array kSteps = std::to_array<Step>({{1, 31}, {50, 12}, {75, 5}, {90, 2.14}, {100, 0.5}});

double scale_of(int quality) {
  const auto after = std::ranges::find_if(kSteps, [&](const Step& s) { return s.quality >= quality; });
  if (after == kSteps.begin() || after == kSteps.end())
    return after == kSteps.end() ? kSteps.back().scale : after->scale;
  const auto& a = *(after - 1);
  const double part = static_cast<double>(quality - a.quality) / (after->quality - a.quality);
  return a.scale + part * (after->scale - a.scale);
}

// libjpeg leaves through here; its own exit would end the process.
struct Errors : jpeg_error_mgr {
  jmp_buf back;
  char text[JMSG_LENGTH_MAX] = "";
};

void leave(j_common_ptr c) {
  auto& errors = *static_cast<Errors*>(c->err);
  c->err->format_message(c, errors.text);
  longjmp(errors.back, 1);
}

void say_nothing(j_common_ptr) {}

// Writes to a Bytes that grows.
struct Target : jpeg_destination_mgr {
  Bytes* out = nullptr;
  std::size_t used = 0;
};

constexpr std::size_t kFirstRoom = 256 << 10;

void target_room(Target& t, std::size_t size) {
  t.out->resize(size);
  t.next_output_byte = t.out->data() + t.used;
  t.free_in_buffer = size - t.used;
}

boolean grow(j_compress_ptr c) {
  auto& t = *static_cast<Target*>(c->dest);
  t.used = t.out->size();
  target_room(t, 2 * t.used);
  return TRUE;
}

}  // namespace

struct JpegFile::State {
  int quality = kDefaultQuality;
  jpeg_compress_struct codec{};
  Errors errors{};
  Target target{};
  bool made = false;
  Bytes rows;  // one strip
  JpegStrip strip{};

  void set_up(int width, int height) {
    codec.image_width = static_cast<JDIMENSION>(width);
    codec.image_height = static_cast<JDIMENSION>(height);
    codec.input_components = 3;
    codec.in_color_space = JCS_YCbCr;
    jpeg_set_defaults(&codec);
    codec.raw_data_in = TRUE;
    set_table(0, scale_of(quality));
    set_table(1, scale_of(quality) * kChroma);
    codec.dct_method = JDCT_ISLOW;
    codec.optimize_coding = FALSE;
  }

  void set_table(int which, double scale) {
    std::array<unsigned, DCTSIZE2> table{};
    for (std::size_t i = 0; i < table.size(); ++i)
      table[i] =
          static_cast<unsigned>(std::max(1L, std::lround((kFlat * kMean + (1 - kFlat) * kMatrix[i]) * scale / 8)));
    table[0] = static_cast<unsigned>(std::clamp(std::lround(4 * scale), 1L, 8L));
    jpeg_add_quant_table(&codec, which, table.data(), 100, TRUE);
  }

  void place_strip(int width) {
    const auto padded = static_cast<std::size_t>((width + 15) / 16 * 16);
    rows.resize(padded * 24);
    auto* at = rows.data();
    for (auto& row : strip.luma) row = std::exchange(at, at + padded);
    for (auto& row : strip.cb) row = std::exchange(at, at + padded / 2);
    for (auto& row : strip.cr) row = std::exchange(at, at + padded / 2);
  }
};

JpegFile::JpegFile(int quality) : state_(std::make_unique<State>()) { state_->quality = quality; }
JpegFile::JpegFile(JpegFile&&) noexcept = default;
JpegFile& JpegFile::operator=(JpegFile&&) noexcept = default;
JpegFile::~JpegFile() {
  if (state_ && state_->made) jpeg_destroy_compress(&state_->codec);
}

Result<void> JpegFile::write(const AVFrame& frame, const Light& light, Bytes& out) {
  auto& s = *state_;
  const JpegPixels pixels(light);
  s.codec.err = jpeg_std_error(&s.errors);
  s.errors.error_exit = leave;
  s.errors.output_message = say_nothing;
  s.target.out = &out;
  s.target.used = out.size();
  s.place_strip(frame.width);
  // Nothing with a destructor lives between here and the end of the picture.
  if (setjmp(s.errors.back)) {
    jpeg_abort_compress(&s.codec);
    return fail(ErrorCode::internal, "A JPEG could not be written.", s.errors.text);
  }
  if (!s.made) {
    jpeg_create_compress(&s.codec);
    s.made = true;
  }
  s.codec.dest = &s.target;
  s.target.init_destination = [](j_compress_ptr c) {
    auto& t = *static_cast<Target*>(c->dest);
    target_room(t, t.used + kFirstRoom);
  };
  s.target.empty_output_buffer = grow;
  s.target.term_destination = [](j_compress_ptr c) {
    auto& t = *static_cast<Target*>(c->dest);
    t.out->resize(t.out->size() - t.free_in_buffer);
  };
  s.set_up(frame.width, frame.height);
  jpeg_start_compress(&s.codec, TRUE);
  JSAMPARRAY planes[3] = {s.strip.luma, s.strip.cb, s.strip.cr};
  for (int y = 0; y < frame.height; y += 16) {
    pixels.strip(frame, y, s.strip);
    jpeg_write_raw_data(&s.codec, planes, 16);
  }
  jpeg_finish_compress(&s.codec);
  return {};
}

}  // namespace vf::media::stills
