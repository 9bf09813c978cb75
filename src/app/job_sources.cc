#include "app/job_sources.h"

#include <array>

namespace vf::app {
namespace {

namespace fs = std::filesystem;

// Where Debian and Ubuntu keep a font with wide coverage; the first that exists is used.
constexpr std::array kFonts{
    "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
    "/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf",
    "/usr/share/fonts/truetype/liberation/LiberationSans-Regular.ttf",
};

}  // namespace

Result<fs::path> font_path() {
  if (const char* chosen = std::getenv("VIDEOFORGE_FONT"); chosen && *chosen) return fs::path(chosen);
  for (const auto* path : kFonts)
    if (fs::exists(path)) return fs::path(path);
  return fail(
      ErrorCode::unavailable,
      "Drawing subtitles needs a font and none was found. Install fonts-dejavu-core, or name one in VIDEOFORGE_FONT.");
}

Result<Files> open_job_files(Engine& engine, const JobPaths& paths, const JobObserver& observer,
                             const std::stop_token& stop) {
  Files out;
  const auto add = [&](const char* name, const fs::path& path) -> Result<void> {
    out.emplace(name, VF_TRY(read_source(engine, path, observer, stop)));
    return {};
  };
  VF_CHECK(add(pipeline::kVideoSource, paths.video));
  if (paths.watermark) VF_CHECK(add(pipeline::kWatermarkSource, *paths.watermark));
  if (paths.subtitles) VF_CHECK(add(pipeline::kSubtitleSource, *paths.subtitles));
  if (paths.font) VF_CHECK(add(pipeline::kFontSource, VF_TRY(font_path())));
  return out;
}

}  // namespace vf::app
