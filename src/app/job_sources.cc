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

Result<fs::path> font_path() {
  if (const char* chosen = std::getenv("VIDEOFORGE_FONT"); chosen && *chosen) return fs::path(chosen);
  for (const auto* path : kFonts)
    if (fs::exists(path)) return fs::path(path);
  return fail(
      ErrorCode::unavailable,
      "Drawing subtitles needs a font and none was found. Install fonts-dejavu-core, or name one in VIDEOFORGE_FONT.");
}

}  // namespace

Result<JobSources> open_job_sources(Engine& engine, const TranscodeRequest& request, const TranscodeObserver& observer,
                                    const std::stop_token& stop) {
  JobSources out;
  const auto add = [&](const char* name, const fs::path& path) -> Result<void> {
    out.files.push_back(VF_TRY(read_source(engine, path, observer, stop)));
    out.sources.emplace(name, out.files.back().source());
    return {};
  };
  VF_CHECK(add(pipeline::kVideoSource, request.input));
  if (request.options.watermark) VF_CHECK(add(pipeline::kWatermarkSource, request.watermark));
  if (request.options.burn_file) VF_CHECK(add(pipeline::kSubtitleSource, request.subtitle_file));
  if (request.options.subtitles == "burn") VF_CHECK(add(pipeline::kFontSource, VF_TRY(font_path())));
  return out;
}

}  // namespace vf::app
