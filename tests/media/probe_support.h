// What the tests of probing share.
#pragma once

#include <algorithm>

#include "media/media_support.h"
#include "media/probe/probe.h"

namespace vf::test {

inline Result<media::ProbeResult> probe_file(const std::filesystem::path& path,
                                             const media::ProbeOptions& options = {}) {
  const auto fd = open_input(path);
  return media::probe(fd.get(), options);
}

// The result, or a failed test with the reason and an empty result.
inline media::ProbeResult probe_ok(const std::filesystem::path& path, const media::ProbeOptions& options = {}) {
  auto result = probe_file(path, options);
  EXPECT_TRUE(result.has_value()) << path << ": "
                                  << (result ? "" : result.error().message + " " + result.error().detail);
  return result ? std::move(*result) : media::ProbeResult{};
}

inline bool warns(const media::MediaInfo& info, const std::string& code) {
  return std::ranges::any_of(info.warnings, [&](const auto& w) { return w.code == code; });
}

// The frames of a full decode by ffmpeg, each as it comes.
inline std::size_t decoded_frames(const std::filesystem::path& path) {
  const auto out = run(fmt::format(
      "ffmpeg -v quiet -i '{}' -map 0:v:0 -fps_mode passthrough -f framecrc - | grep -c '^0,' || true", path.string()));
  return std::stoul(out);
}

}  // namespace vf::test
