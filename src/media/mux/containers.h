// What the files that we write can hold, as a table.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace vf::media::mux {

struct Container {
  std::string_view name;   // the file's suffix, too: "mp4"
  std::string_view muxer;  // libavformat's name
  std::string_view video;  // codecs by libav's names, each between spaces
  std::string_view audio;
  std::string_view subtitles;   // that are copied as they are
  std::string_view text;        // what other text subtitles become; empty: it holds none
  std::string_view make_video;  // what is made for it where nothing else is asked for
  std::string_view make_audio;
  bool edit_lists;  // sound may begin before 0 and is cut there exactly
  bool chapters;
  bool attachments;
};

std::span<const Container> containers();

// By name; null for one that nobody knows.
const Container* find_container(std::string_view name);

// Whether the codec is in such a list.
bool holds(std::string_view list, std::string_view codec);

// "mp4, mkv": the containers that hold this video codec.
std::string containers_for_video(std::string_view codec);

}  // namespace vf::media::mux
