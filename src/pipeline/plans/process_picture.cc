#include "pipeline/plans/process_picture.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

namespace vf::pipeline {
namespace {

struct BoxRow {
  std::string_view name;
  media::Size size;
};
constexpr std::array kBoxes =
    std::to_array<BoxRow>({{"720p", {1280, 720}}, {"1080p", {1920, 1080}}, {"2k", {2560, 1440}}, {"4k", {3840, 2160}}});
constexpr int kLeastSide = 16, kMostSide = 16384;

int even(double size) { return std::max(2, static_cast<int>(std::lround(size / 2)) * 2); }

// As large as it fits into the box, with its own proportions. A named box is turned for upright films.
media::Size fitted(media::Size picture, media::Size box, bool named) {
  if (named && picture.height > picture.width) std::swap(box.width, box.height);
  const double factor =
      std::min(static_cast<double>(box.width) / picture.width, static_cast<double>(box.height) / picture.height);
  return {std::min(even(picture.width * factor), box.width / 2 * 2),
          std::min(even(picture.height * factor), box.height / 2 * 2)};
}

class Chooser {
 public:
  Chooser(const Inspection& source, const media::StreamInfo& video, const ProcessOptions& options, double film_seconds)
      : source_(source), video_(video), options_(options), film_seconds_(film_seconds) {}

  Result<ProcessPictures> run() {
    auto& picture = out_.wishes.picture;
    picture = upright(video_);
    size_ = {video_.video->display_width, video_.video->display_height};
    for (const auto& effect : options_.filters) VF_CHECK(take(effect));
    VF_CHECK(crop());
    VF_CHECK(burn());
    picture.watermark = options_.watermark;
    if (options_.watermark) change("a watermark is laid over");
    VF_CHECK(scale());
    VF_CHECK(pad());
    fps();
    if (options_.speed != 1) change("its speed is changed");
    if (options_.quality) change("a quality was asked for");
    finish_effects();
    return std::move(out_);
  }

 private:
  void change(std::string clause) { out_.changes.push_back(std::move(clause)); }

  Result<void> take(const media::effects::Effect& effect) {
    auto& picture = out_.wishes.picture;
    change(fmt::format("the filter {} is applied", effect.name));
    const double value = effect.values.empty() ? 0 : effect.values.front();
    if (effect.name == "deinterlace") {
      picture.deinterlace = value == 0   ? media::Deinterlace::flagged
                            : value == 1 ? media::Deinterlace::top_first
                                         : media::Deinterlace::bottom_first;
    } else if (effect.name == "tone-map") {
      if (video_.video->color.hdr == "sdr")
        return fail(ErrorCode::invalid_argument, "The film is not HDR: there is no light to map with tone-map.");
      picture.hdr_peak = value;
    } else if (effect.name == "rotate" && std::fmod(value, 90) == 0) {
      const int turn = (static_cast<int>(value) % 360 + 360) % 360;
      picture.rotation = (picture.rotation + turn) % 360;
      if (turn % 180 != 0) std::swap(size_.width, size_.height);
    } else {
      chain_.effects.push_back(effect);
    }
    return {};
  }

  Result<void> crop() {
    const auto& crop = options_.crop;
    if (!crop) return {};
    if (crop->x + crop->width > size_.width || crop->y + crop->height > size_.height)
      return fail(ErrorCode::invalid_argument,
                  fmt::format("The crop {}x{}+{}+{} reaches outside the picture of {}x{}.", crop->width, crop->height,
                              crop->x, crop->y, size_.width, size_.height));
    out_.wishes.picture.crop = crop;
    size_ = {crop->width, crop->height};
    change("it is cropped");
    return {};
  }

  Result<void> burn() {
    auto& picture = out_.wishes.picture;
    if (options_.burn_file) picture.burn = media::BurnSubtitles{0, true};
    if (options_.burn_file || options_.burn_language) change("subtitles are drawn into it");
    if (!options_.burn_language) return {};
    std::string known;
    for (const auto& stream : source_.info.streams) {
      if (stream.kind != "subtitle") continue;
      known += (known.empty() ? "" : ", ") + stream.language;
      if (!options_.burn_language->empty() && stream.language != *options_.burn_language) continue;
      picture.burn = media::BurnSubtitles{stream.index, false};
      out_.burnt = stream.index;
      return {};
    }
    return fail(ErrorCode::invalid_argument,
                known.empty() ? "There are no subtitles in this film to draw."
                              : fmt::format("There are no subtitles in '{}' to draw; this film has {}.",
                                            *options_.burn_language, known));
  }

  Result<void> scale() {
    auto& target = out_.wishes.target;
    target.name = "film";
    auto made = media::Size{even(size_.width), even(size_.height)};
    if (options_.scale) {
      made = fitted(size_, VF_TRY(scale_box(*options_.scale)), !options_.scale->contains('x'));
      if (made != size_) change(fmt::format("it is scaled to {}x{}", made.width, made.height));
    }
    target.width = made.width;
    target.height = made.height;
    return {};
  }

  Result<void> pad() {
    auto& w = out_.wishes;
    w.made_width = w.target.width;
    w.made_height = w.target.height;
    for (const auto& effect : chain_.effects) {
      if (effect.name != "pad") continue;
      const auto width = static_cast<int>(effect.values[0]) / 2 * 2;
      const auto height = static_cast<int>(effect.values[1]) / 2 * 2;
      if (width < w.made_width || height < w.made_height)
        return fail(ErrorCode::invalid_argument,
                    fmt::format("The picture of {}x{} does not fit into borders of {}x{}; add --scale {}x{}.",
                                w.made_width, w.made_height, width, height, width, height));
      w.made_width = width;
      w.made_height = height;
    }
    return {};
  }

  void fps() {
    if (!options_.fps) return;
    constexpr double kParts = 1000;
    out_.wishes.fps_limit = reduced({std::llround(*options_.fps * kParts), std::llround(options_.speed * kParts)});
    change(fmt::format("it has at most {} pictures a second", *options_.fps));
  }

  void finish_effects() {
    if (chain_.effects.empty()) return;
    chain_.film_seconds = film_seconds_;
    double run_in = 0;
    for (auto& effect : chain_.effects) {
      const auto& row = *media::effects::find_effect(effect.name);
      run_in = std::max(run_in, row.run_in);
      out_.wishes.one_chunk = out_.wishes.one_chunk || row.whole_film;
      // Its seconds are the file's; pictures are filtered on the film's clock.
      if (effect.name == "fade")
        for (auto& value : effect.values) value *= options_.speed;
    }
    chain_.run_in_ticks = std::llround(run_in / source_.index.time_base.value());
    out_.wishes.effects = std::move(chain_);
  }

  const Inspection& source_;
  const media::StreamInfo& video_;
  const ProcessOptions& options_;
  double film_seconds_;
  ProcessPictures out_;
  media::effects::EffectChain chain_;
  media::Size size_;
};

}  // namespace

Result<media::Size> scale_box(const std::string& text) {
  for (const auto& row : kBoxes)
    if (row.name == text) return row.size;
  media::Size out;
  const auto* const end = text.data() + text.size();
  auto [at, code] = std::from_chars(text.data(), end, out.width);
  if (code == std::errc() && at != end && *at == 'x') {
    const auto [stop, second] = std::from_chars(at + 1, end, out.height);
    const bool sane = std::min(out.width, out.height) >= kLeastSide && std::max(out.width, out.height) <= kMostSide;
    if (second == std::errc() && stop == end && sane) return out;
  }
  return fail(
      ErrorCode::invalid_argument,
      fmt::format(
          "The size '{}' is not understood. Write 720p, 1080p, 2k, 4k or WxH, such as 1280x720 (from {} to {}).", text,
          kLeastSide, kMostSide));
}

Result<ProcessPictures> choose_pictures(const Inspection& source, const media::StreamInfo& video,
                                        const ProcessOptions& options, double film_seconds) {
  return Chooser(source, video, options, film_seconds).run();
}

}  // namespace vf::pipeline
