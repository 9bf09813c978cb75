// What the tests of sound, subtitles, stills and verification share: clips composed with ffmpeg's
// generators, tracks joined to files, and files as raw samples.
#pragma once

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/fd.h"
#include "media/package/track_header.h"
#include "support/temp_folder.h"

namespace vf::test {

inline std::string run(const std::string& command) {
  std::string out;
  FILE* pipe = popen(("( " + command + " ) 2>&1 < /dev/null").c_str(), "r");
  char buffer[4096];
  while (const auto got = fread(buffer, 1, sizeof buffer, pipe)) out.append(buffer, got);
  EXPECT_EQ(pclose(pipe), 0) << command << "\n" << out;
  return out;
}

// Composes a clip: everything of an ffmpeg command between `-y` and the output's name.
inline void compose(const std::string& arguments, const std::filesystem::path& path) {
  run(fmt::format("ffmpeg -v error -y {} '{}'", arguments, path.string()));
}

inline UniqueFd open_input(const std::filesystem::path& path) {
  auto fd = open_for_read(path);
  EXPECT_TRUE(fd.has_value()) << path;
  return fd ? std::move(*fd) : UniqueFd();
}

inline UniqueFd new_file(const std::filesystem::path& path) {
  std::filesystem::remove(path);
  auto fd = create_new(path);
  EXPECT_TRUE(fd.has_value()) << path;
  return fd ? std::move(*fd) : UniqueFd();
}

inline std::string read_text(const std::filesystem::path& path) {
  auto text = read_whole(path, 1LL << 30);
  EXPECT_TRUE(text.has_value()) << path;
  return text ? *text : std::string();
}

inline void write_text(const std::filesystem::path& path, std::string_view text) {
  std::ofstream(path, std::ios::binary) << text;
}

// Writes header + chunk as the finished file of a track.
inline void join_track(const media::TrackChunk& chunk, const std::filesystem::path& chunk_file,
                       const std::filesystem::path& out) {
  const std::vector chunks{chunk};
  const auto header = media::build_header(chunk.format, chunks);
  ASSERT_TRUE(header.has_value()) << header.error().message << header.error().detail;
  write_text(out, header->bytes + read_text(chunk_file));
}

// All samples of a file's first sound stream from time 0 on as interleaved floats, by ffmpeg. The
// command line would move a stream that starts before 0 to 0: time stamps are kept and cut instead.
inline std::vector<float> samples_of(const std::filesystem::path& file, const std::string& options = "") {
  const auto raw = file.string() + ".f32";
  run(fmt::format(
      "ffmpeg -v error -y -copyts -i '{}' -af aresample=async=1:first_pts=0:min_hard_comp=0.005 {} -f f32le '{}'",
      file.string(), options, raw));
  const auto bytes = read_text(raw);
  std::vector<float> out(bytes.size() / sizeof(float));
  std::memcpy(out.data(), bytes.data(), out.size() * sizeof(float));
  std::filesystem::remove(raw);
  return out;
}

// The real files of a kind ("valid", "malformed", "footage"); none where the folder is not given.
inline std::vector<std::filesystem::path> real_files(const std::string& kind) {
  std::vector<std::filesystem::path> out;
  const char* root = std::getenv("VIDEOFORGE_MEDIA_DIR");
  if (!root) return out;
  for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(root) / kind))
    out.push_back(entry.path());
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace vf::test
