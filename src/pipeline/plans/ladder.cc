#include "pipeline/plans/ladder.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace vf::pipeline {
namespace {

constexpr std::array kBoxes = std::to_array<RungBox>({
    {"2160p", 3840, 2160, 8'000'000},
    {"1080p", 1920, 1080, 4'000'000},
    {"720p", 1280, 720, 2'000'000},
    {"480p", 854, 480, 1'000'000},
    {"360p", 640, 360, 600'000},
});
constexpr int kSmallestBox = 360;

struct CodecFactor {
  std::string_view codec;
  double factor;
};
constexpr std::array kFactors =
    std::to_array<CodecFactor>({{"h264", 1.0}, {"hevc", 0.65}, {"vp9", 0.7}, {"av1", 0.55}});

int even(double size) { return std::max(2, static_cast<int>(std::lround(size / 2)) * 2); }

Rung fit(const RungBox& box, int width, int height) {
  const bool portrait = height > width;
  Rung rung{std::string(box.name),
            0,
            0,
            box.max_bit_rate,
            portrait ? box.height : box.width,
            portrait ? box.width : box.height};
  const double scale =
      std::min({1.0, static_cast<double>(rung.box_width) / width, static_cast<double>(rung.box_height) / height});
  // Rounding to even must not leave the box: 853.3 becomes 854, which is 480p's own width.
  rung.width = std::min(even(width * scale), rung.box_width);
  rung.height = std::min(even(height * scale), rung.box_height);
  return rung;
}

// Scaling from a size to one nearly as large gains nothing over scaling from what that was made of.
constexpr double kLeastStep = 1.2;

// A small picture is made from the next larger one of the ladder, whether that is asked for or not:
// two thirds of the work, and the same pixels whichever rungs are made beside it.
std::vector<media::Size> sizes_on_the_way(const Rung& rung, int width, int height) {
  std::vector<media::Size> out;
  double from = width;
  for (const auto& box : kBoxes) {
    const auto larger = fit(box, width, height);
    if (larger.width * kLeastStep > from || rung.width * kLeastStep > larger.width) continue;
    out.push_back({larger.width, larger.height});
    from = larger.width;
  }
  return out;
}

Rung own_size(int width, int height) {
  const int lines = std::min(width, height);
  return {fmt::format("{}p", even(lines)), even(width), even(height),
          kBoxes.back().max_bit_rate,      even(width), even(height)};
}

Result<const RungBox*> box_named(const std::string& name) {
  const auto found = std::ranges::find(kBoxes, name, &RungBox::name);
  if (found != kBoxes.end()) return &*found;
  std::vector<std::string_view> names;
  for (const auto& box : kBoxes) names.push_back(box.name);
  return fail(ErrorCode::invalid_argument, fmt::format("There is no rung '{}' in the ladder. Choose from {} or auto.",
                                                       name, fmt::join(names, ", ")));
}

}  // namespace

std::span<const RungBox> rung_boxes() { return kBoxes; }

Result<std::vector<Rung>> choose_rungs(int width, int height, const std::vector<std::string>& names) {
  std::vector<const RungBox*> boxes;
  if (names.empty() || (names.size() == 1 && names.front() == "auto")) {
    for (const auto& box : kBoxes) boxes.push_back(&box);
  } else {
    for (const auto& name : names) boxes.push_back(VF_TRY(box_named(name)));
    std::ranges::sort(boxes, std::ranges::greater{}, [](const RungBox* box) { return box->height; });
  }
  if (std::min(width, height) < kSmallestBox) return std::vector{own_size(width, height)};

  std::vector<Rung> rungs;
  for (const auto* box : boxes) {
    auto rung = fit(*box, width, height);
    rung.through = sizes_on_the_way(rung, width, height);
    // The same picture in a smaller box: the smaller box is its true name and cap.
    const bool repeats = !rungs.empty() && rungs.back().width == rung.width && rungs.back().height == rung.height;
    if (repeats)
      rungs.back() = std::move(rung);
    else
      rungs.push_back(std::move(rung));
  }
  return rungs;
}

double cap_factor(std::string_view codec) {
  const auto found = std::ranges::find(kFactors, codec, &CodecFactor::codec);
  return found != kFactors.end() ? found->factor : 1.0;
}

}  // namespace vf::pipeline
