// The fields of tus 1.0.0 (https://tus.io/protocols/resumable-upload), read and written. Internal to the
// handlers of uploads.
#pragma once

#include <expected>
#include <optional>
#include <string>

#include "http/checksum.h"
#include "http/message/message.h"
#include "http/video_details.h"
#include "store/uploads.h"

namespace vf::http::tus {

inline constexpr std::string_view kVersion = "1.0.0";
inline constexpr std::string_view kExtensions =
    "creation,creation-with-upload,creation-defer-length,expiration,termination,checksum";
inline constexpr std::string_view kContentType = "application/offset+octet-stream";

// Every answer of ours carries the version.
Response marked(Response response);
// 412 where the request speaks another version than ours.
std::optional<Response> refuse_version(const Request& request);

// A field that is a whole number; nothing where it is missing. Unexpected: 400.
std::expected<std::optional<std::int64_t>, Response> number_field(const Request& request, std::string_view name);

// Upload-Length, or Upload-Defer-Length: 1 for one that is told later.
std::expected<std::optional<std::int64_t>, Response> declared_length(const Request& request);

// Upload-Checksum; nothing where it is missing.
std::expected<std::optional<Checksum>, Response> checksum_field(const Request& request);

// Upload-Metadata: filename (or name), title, description, visibility, tags (separated by commas); others
// are kept for the client and not read.
struct Metadata {
  std::string text;  // as it came
  std::string file_name;
  VideoDetails details;
};
std::expected<Metadata, Response> metadata_field(const Request& request);

// Upload-Offset, Upload-Expires.
void add_offset(Response& response, std::int64_t offset);
void add_expiry(Response& response, const store::Upload& upload);
// What became of a whole upload: Upload-Video-Id, Upload-Job-Id.
void add_made(Response& response, const store::UploadStore::Made& made);

}  // namespace vf::http::tus
