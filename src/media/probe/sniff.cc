#include "media/probe/sniff.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "base/fd.h"

namespace vf::media {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kHeadBytes = 4096;
constexpr std::size_t kSmallestVideo = 32;

struct Signature {
  std::size_t offset;
  std::string_view bytes;
  std::string_view what;
};

constexpr std::array kPictures = std::to_array<Signature>({
    {0, "\xFF\xD8\xFF"sv, "JPEG"},
    {0, "\x89PNG\r\n\x1A\n"sv, "PNG"},
    {8, "WEBP"sv, "WebP"},
    {0, "BM"sv, "BMP"},
    {0, "II*\0"sv, "TIFF"},
    {0, "MM\0*"sv, "TIFF"},
    {0, "8BPS"sv, "Photoshop"},
    {0, "\0\0\0\x0CjP  "sv, "JPEG 2000"},
    {4, "ftypheic"sv, "HEIC"},
    {4, "ftypheix"sv, "HEIC"},
    {4, "ftypmif1"sv, "HEIF"},
    {4, "ftypavif"sv, "AVIF"},
});

constexpr std::array kOthers = std::to_array<Signature>({
    {0, "%PDF"sv, "a PDF document"},
    {0, "PK\x03\x04"sv, "a ZIP archive (unpack it first)"},
    {0, "PK\x05\x06"sv, "an empty ZIP archive"},
    {0, "\x1F\x8B\x08"sv, "a gzip archive (unpack it first)"},
    {0, "7z\xBC\xAF\x27\x1C"sv, "a 7z archive (unpack it first)"},
    {0, "Rar!\x1A\x07"sv, "a RAR archive (unpack it first)"},
    {0,
     "\xFD"
     "7zXZ\0"sv,
     "an xz archive (unpack it first)"},
    {0,
     "\x7F"
     "ELF"sv,
     "a program"},
    {0, "MZ"sv, "a program"},
    {0, "SQLite format 3\0"sv, "a database"},
});

// Texts by what they begin with, after blanks and a byte order mark. The first match answers.
constexpr std::array kTexts = std::to_array<Signature>({
    {0, "#EXTM3U"sv, "an HLS playlist: it only points at other files, which VideoForge never opens"},
    {0, "ffconcat"sv, "a concat script: it only points at other files, which VideoForge never opens"},
    {0, "v=0"sv, "an SDP session description: it only points at a network address"},
    {0, "<MPD"sv, "a DASH manifest: it only points at other files, which VideoForge never opens"},
    {0, "<smil"sv, "a SMIL playlist: it only points at other files"},
    {0, "[playlist]"sv, "a playlist: it only points at other files"},
    {0, "WEBVTT"sv, "a WebVTT subtitle file"},
    {0, "[Script Info]"sv, "an ASS subtitle file"},
    {0, "<!DOCTYPE html"sv, "a web page: what was saved is the page, not the video in it"},
    {0, "<html"sv, "a web page: what was saved is the page, not the video in it"},
});

bool starts_with_any_case(std::string_view text, std::string_view word) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return text.size() >= word.size() && std::ranges::equal(text.substr(0, word.size()), word, {}, lower, lower);
}

bool is_text(std::string_view head) {
  return std::ranges::none_of(head, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == 0x7F || (byte < 0x20 && c != '\n' && c != '\r' && c != '\t' && c != '\f' && c != '\x1B');
  });
}

std::string describe_text(std::string_view head) {
  auto body = head;
  if (body.starts_with("\xEF\xBB\xBF")) body.remove_prefix(3);
  body.remove_prefix(std::min(body.find_first_not_of(" \t\r\n"), body.size()));
  for (const auto& row : kTexts)
    if (starts_with_any_case(body, row.bytes)) return std::string(row.what);
  // Manifests often stand behind an XML declaration or a comment.
  for (const std::string_view tag : {"<MPD"sv, "<smil"sv})
    if (body.starts_with("<") && body.find(tag) != std::string_view::npos)
      return "an XML manifest: it only points at other files, which VideoForge never opens";
  return "text, whatever its name says";
}

std::unexpected<Error> unsupported(std::string message) {
  return fail(ErrorCode::unsupported_input, std::move(message));
}

}  // namespace

Result<void> sniff(int fd) {
  std::array<std::uint8_t, kHeadBytes> buffer{};
  const auto got = VF_TRY(read_at(fd, buffer, 0));
  const std::string_view head(reinterpret_cast<const char*>(buffer.data()), got);
  if (head.empty()) return fail(ErrorCode::invalid_input, "The file is empty (0 bytes). Upload or copy it again.");
  // Y4M and MPEG audio may begin like text; Y4M says its name.
  const bool y4m = head.starts_with("YUV4MPEG2");
  if (!y4m && is_text(head)) return unsupported(fmt::format("This is not a video but {}.", describe_text(head)));
  if (head.size() < kSmallestVideo)
    return fail(ErrorCode::invalid_input,
                fmt::format("The file has only {} bytes: too few for any video.", head.size()));
  if (std::ranges::all_of(head, [](char c) { return c == '\0'; }))
    return fail(ErrorCode::invalid_input,
                "The file begins with nothing but zero bytes: the recording or the copy failed.");
  const auto matches = [&](const Signature& row) {
    return head.substr(std::min(row.offset, head.size())).starts_with(row.bytes);
  };
  for (const auto& row : kPictures)
    if (matches(row)) return unsupported(fmt::format("This is a still picture ({}), not a video.", row.what));
  for (const auto& row : kOthers)
    if (matches(row)) return unsupported(fmt::format("This is not a video but {}.", row.what));
  return {};
}

}  // namespace vf::media
