// What the ways to upload share: admission under the limits, the file that receives, and the step from whole
// bytes to a video with its first job.
//
// An upload is a row (store/uploads.h) and a file of the same id in uploads_dir. The row comes first and goes
// last, so that a crash leaves at most a row without a file, or a whole file whose blob is stored already;
// both are mended by asking again or by the sweep. Functions are thread-safe and block on disk and database.
#pragma once

#include <expected>
#include <mutex>

#include "http/idempotency.h"
#include "http/platform.h"
#include "http/uploads_file.h"
#include "http/video_details.h"

namespace vf::http {

// Made once beside the endpoint table, shared by its handlers.
struct UploadContext {
  explicit UploadContext(Platform& p) : platform(p), keys(p) {}
  Platform& platform;
  IdempotencyKeys keys;
  RunningHashes hashes;
  std::mutex admission;  // two uploads at once do not both get the last of the space
};

struct NewUpload {
  std::string id;
  std::string protocol;
  std::string file_name;             // as the client sent it
  std::optional<std::int64_t> size;  // declared bytes
  std::string metadata;
  VideoDetails details;  // checked
  bool file = true;      // false: the bytes come another way (import)
};

// The row and its empty file, or the problem: too large (413), beyond the account's quota (413, 429), or no
// space (507). An upload of that id that is there already is given back as it is.
std::expected<store::Upload, Response> begin_upload(UploadContext& context, const Call& call, NewUpload wanted);

// Whether an upload of so many bytes may begin, or go on once its size is told.
std::optional<Response> refuse_upload(Platform& platform, const Request& request, const std::string& owner,
                                      std::optional<std::int64_t> size, bool begins);

// The caller's own upload, whatever its state. 404 for another's as for one that is not there.
std::expected<store::Upload, Response> own_upload(UploadContext& context, const Call& call, std::string_view protocol);

// The same, still open and locked for this request. 410 once it expired, 423 where another request has it.
struct Receiving {
  store::Upload upload;
  UploadFile file;
};
std::expected<Receiving, Response> receive_upload(UploadContext& context, const Request& request,
                                                  const std::string& id);

// Whole bytes become a video with a transcode job. May be repeated after a crash at any point.
Result<store::UploadStore::Made> accept_upload(Platform& platform, const store::Upload& upload, UploadFile& file,
                                               const std::string& correlation);

// An upload has a span of its own, from its first request to its video: below the request that began it, and
// above everything that follows. What stands on it as its parent; empty where nobody follows it.
std::string trace_of(const store::Upload& upload);
// The span, once the upload has become a video.
void end_trace(Platform& platform, const store::Upload& upload, const std::string& video);

// The video to be, without its source.
store::Video video_of(const Platform& platform, const store::Upload& upload);

// The row and the bytes.
Result<void> drop_upload(UploadContext& context, const std::string& id);

// Removes uploads that nobody finished in time and files that belong to none; finishes those that were whole
// when the server stopped. Returns how many uploads were removed. Called at start and from time to time.
int sweep_uploads(Platform& platform);

}  // namespace vf::http
