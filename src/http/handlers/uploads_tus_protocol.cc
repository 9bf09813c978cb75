#include "http/handlers/uploads_tus_protocol.h"

#include <charconv>
#include <map>

#include <fmt/format.h>

#include "http/message/fields.h"
#include "http/message/http_date.h"
#include "http/message/problem.h"
#include "http/message/target.h"

namespace vf::http::tus {
namespace {

std::unexpected<Response> bad(const Request& request, std::string_view detail) {
  return std::unexpected(problem(request, 400, "invalid_argument", detail));
}

// Keys with their values decoded; nothing where the text is no Upload-Metadata.
std::optional<std::map<std::string, std::string, std::less<>>> pairs_of(std::string_view text) {
  std::map<std::string, std::string, std::less<>> out;
  for (const auto part : split_list(text)) {
    const auto pair = trim(part);
    const auto space = pair.find(' ');
    const auto key = pair.substr(0, space);
    const auto value = from_base64(space == std::string_view::npos ? std::string_view() : trim(pair.substr(space + 1)));
    if (key.empty() || !value || !out.emplace(key, *value).second) return std::nullopt;
  }
  return out;
}

}  // namespace

Response marked(Response response) {
  response.headers.set("Tus-Resumable", std::string(kVersion));
  return response;
}

std::optional<Response> refuse_version(const Request& request) {
  const auto version = request.headers.get("Tus-Resumable");
  if (version == kVersion) return std::nullopt;
  auto out = problem(request, 412, code_of(412),
                     fmt::format("Send Tus-Resumable: {}, the version of tus that is spoken here.", kVersion));
  out.headers.add("Tus-Version", std::string(kVersion));
  return out;
}

std::expected<std::optional<std::int64_t>, Response> number_field(const Request& request, std::string_view name) {
  const auto* text = request.headers.find(name);
  if (!text) return std::nullopt;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc() || end != text->data() + text->size() || value < 0 || request.headers.count(name) > 1)
    return bad(request, fmt::format("{} is one whole number of bytes, 0 or more.", name));
  return value;
}

std::expected<std::optional<std::int64_t>, Response> declared_length(const Request& request) {
  auto length = number_field(request, "Upload-Length");
  if (!length) return length;
  const auto* defer = request.headers.find("Upload-Defer-Length");
  if (defer && *defer != "1") return bad(request, "Upload-Defer-Length is 1 or is not sent.");
  if (static_cast<bool>(defer) == length->has_value())
    return bad(request, "Send either Upload-Length, or Upload-Defer-Length: 1 to tell it later.");
  if (*length == 0) return bad(request, "Upload-Length is 0; a video has at least one byte.");
  return length;
}

std::expected<std::optional<Checksum>, Response> checksum_field(const Request& request) {
  const auto* text = request.headers.find("Upload-Checksum");
  if (!text) return std::nullopt;
  const std::string_view field = *text;
  const auto space = field.find(' ');
  const auto value = space == std::string_view::npos ? std::nullopt : from_base64(field.substr(space + 1));
  auto checksum = value ? Checksum::create(field.substr(0, space), *value) : std::nullopt;
  if (!checksum)
    return bad(request,
               fmt::format("Upload-Checksum is one of {}, a space, and the checksum in base64.", kTusChecksums));
  return std::optional(std::move(*checksum));
}

std::expected<Metadata, Response> metadata_field(const Request& request) {
  Metadata out;
  out.text = request.headers.get("Upload-Metadata");
  const auto pairs = pairs_of(out.text);
  if (!pairs || request.headers.count("Upload-Metadata") > 1)
    return bad(request, "Upload-Metadata is a list of different keys, each with its value in base64 after a space.");
  const auto value = [&](std::string_view key) -> std::optional<std::string> {
    const auto found = pairs->find(key);
    return found == pairs->end() ? std::nullopt : std::optional(found->second);
  };
  out.file_name = value("filename").value_or(value("name").value_or(""));
  VideoDetails details{value("title"), value("description"), {}, value("visibility")};
  const auto tags = value("tags");
  for (const auto* key : {"title", "description", "visibility", "tags"})
    if (!is_utf8(value(key).value_or("")))
      return bad(request, fmt::format("Upload-Metadata: {} is no UTF-8 text.", key));
  if (details.title && details.title->empty()) details.title.reset();
  if (tags) details.tags = tags_from(*tags);
  auto good = checked(std::move(details));
  if (!good) return std::unexpected(problem(request, good.error()));
  out.details = std::move(*good);
  return out;
}

void add_offset(Response& response, std::int64_t offset) {
  response.headers.set("Upload-Offset", std::to_string(offset));
}

void add_expiry(Response& response, const store::Upload& upload) {
  response.headers.set("Upload-Expires", format_http_date(upload.expires_ms / 1000));
}

void add_made(Response& response, const store::UploadStore::Made& made) {
  response.headers.set("Upload-Video-Id", made.video.id);
  if (made.job) response.headers.set("Upload-Job-Id", made.job->id);
}

}  // namespace vf::http::tus
