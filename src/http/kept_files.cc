#include "http/kept_files.h"

#include <charconv>

#include <fmt/format.h>

#include "http/answers.h"

namespace vf::http {
namespace {

// Not JSON: a film of hours has a thousand parts, and each range of it is looked up here.
std::string pack(const store::FileRow& file) {
  auto out = fmt::format("{}\n{}\n{}\n", file.content_type, file.etag, file.size);
  for (const auto& part : file.parts)
    out += fmt::format("{} {} {} {}\n", part.sha256, part.offset, part.size, part.blob_size);
  return out;
}

std::string_view take(std::string_view& text, char end) {
  const auto at = text.find(end);
  const auto out = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  return out;
}

std::int64_t number(std::string_view text) {
  std::int64_t out = 0;
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}

store::FileRow unpack(std::string_view packed, const std::string& name) {
  store::FileRow out;
  out.name = name;
  out.content_type = take(packed, '\n');
  out.etag = take(packed, '\n');
  out.size = number(take(packed, '\n'));
  while (!packed.empty()) {
    auto line = take(packed, '\n');
    store::FilePart part;
    part.sha256 = take(line, ' ');
    part.offset = number(take(line, ' '));
    part.size = number(take(line, ' '));
    part.blob_size = number(line);
    out.parts.push_back(std::move(part));
  }
  return out;
}

}  // namespace

Result<std::optional<store::FileRow>> kept_file(Platform& platform, const std::string& video, const std::string& name) {
  const auto make = [&]() -> Result<std::optional<std::string>> {
    const auto file = VF_TRY(platform.videos.file(video, name));
    return file ? std::optional(pack(*file)) : std::nullopt;
  };
  const auto packed =
      VF_TRY(kept_text(platform, "file", fmt::format("file {} {}", video, name), {video_tag(video)}, make));
  return packed ? std::optional(unpack(*packed, name)) : std::nullopt;
}

}  // namespace vf::http
