#include "http/uploads.h"

#include <fmt/format.h>

#include "base/uuid.h"
#include "http/message/problem.h"

namespace vf::http {
namespace {

Response unknown_upload(const Request& request) {
  return problem(request, 404, "not_found", "There is no such upload.");
}

Response locked(const Request& request) {
  auto out = problem(request, 423, "locked",
                     "Another request is writing to this upload; ask for its offset and go on when that has ended.");
  out.headers.add("Retry-After", "1");
  return out;
}

}  // namespace

std::expected<store::Upload, Response> begin_upload(UploadContext& context, const Call& call, NewUpload wanted) {
  auto& platform = context.platform;
  const auto refused = [&](const Error& error) { return std::unexpected(problem(call.request, error)); };
  const std::lock_guard lock(context.admission);
  auto before = platform.uploads.find(wanted.id);
  if (!before) return refused(before.error());
  if (*before) {
    // A crash may have come between the row and its file, or its name; the client was told of neither.
    if (wanted.file && (*before)->state == "open")
      if (auto made = UploadFile::create(platform.uploads_dir, wanted.id); !made) return refused(made.error());
    return std::move(**before);
  }
  if (auto no = refuse_upload(platform, call.request, call.who.user, wanted.size, true))
    return std::unexpected(std::move(*no));

  store::Upload upload;
  upload.id = wanted.id;
  upload.owner = call.who.user;
  upload.protocol = wanted.protocol;
  upload.state = "open";
  upload.file_name = clean_file_name(wanted.file_name);
  upload.size = wanted.size;
  upload.metadata = std::move(wanted.metadata);
  upload.details = to_json(wanted.details);
  upload.created_ms = platform.now_ms();
  upload.expires_ms = upload.created_ms + platform.options.upload_ms;
  upload.trace = call.request.traceparent();
  if (auto made = platform.uploads.create(upload); !made) return refused(made.error());
  if (!wanted.file) return upload;
  if (auto made = UploadFile::create(platform.uploads_dir, upload.id); !made) {
    (void)drop_upload(context, upload.id);
    return refused(made.error());
  }
  return upload;
}

std::expected<store::Upload, Response> own_upload(UploadContext& context, const Call& call, std::string_view protocol) {
  const auto& id = call.param("id");
  if (!is_uuid(id)) return std::unexpected(unknown_upload(call.request));
  auto found = context.platform.uploads.find(id);
  if (!found) return std::unexpected(problem(call.request, found.error()));
  if (!*found || (*found)->protocol != protocol || ((*found)->owner != call.who.user && !call.who.admin()))
    return std::unexpected(unknown_upload(call.request));
  return std::move(**found);
}

std::expected<Receiving, Response> receive_upload(UploadContext& context, const Request& request,
                                                  const std::string& id) {
  auto& platform = context.platform;
  auto file = UploadFile::open(platform.uploads_dir, id, context.hashes);
  if (!file && file.error().code == ErrorCode::conflict) return std::unexpected(locked(request));
  if (!file && file.error().code != ErrorCode::not_found) return std::unexpected(problem(request, file.error()));
  // Looked up under the lock: it may have ended since the caller saw it.
  auto found = platform.uploads.find(id);
  if (!found) return std::unexpected(problem(request, found.error()));
  if (!*found) return std::unexpected(unknown_upload(request));
  auto& upload = **found;
  request.join_trace(trace_of(upload));
  if (upload.state != "open")
    return std::unexpected(problem(request, 409, "conflict", "This upload is complete; it takes no more bytes."));
  if (!file || upload.expires_ms <= platform.now_ms())
    return std::unexpected(problem(request, 410, "expired", "This upload has expired; begin a new one."));
  return Receiving{std::move(upload), std::move(*file)};
}

std::string trace_of(const store::Upload& upload) {
  auto place = parse_traceparent(upload.trace);
  if (!place) return {};
  place->span = span_id_of("upload " + upload.id);
  return to_traceparent(*place);
}

void end_trace(Platform& platform, const store::Upload& upload, const std::string& video) {
  const auto begun_by = parse_traceparent(upload.trace);
  const auto place = parse_traceparent(trace_of(upload));
  if (!platform.tracer || !place) return;
  telemetry::Span span;
  span.context = *place;
  span.parent = begun_by->span;
  span.name = "upload";
  span.begin_ns = upload.created_ms * 1'000'000;
  span.end_ns = telemetry::unix_nanoseconds();
  span.attributes = {{"videoforge.upload.id", upload.id},
                     {"videoforge.upload.protocol", upload.protocol},
                     {"videoforge.video.id", video}};
  platform.tracer->end(std::move(span));
}

store::Video video_of(const Platform& platform, const store::Upload& upload) {
  const auto details = from_json<VideoDetails>(upload.details).value_or(VideoDetails());
  store::Video video;
  video.id = make_uuid();
  video.owner = upload.owner;
  video.title = details.title.value_or(title_from(upload.file_name));
  video.description = details.description.value_or("");
  video.tags = details.tags.value_or(std::vector<std::string>());
  video.visibility = details.visibility.value_or(platform.options.default_visibility);
  video.file_name = upload.file_name;
  video.salt = auth::new_link_salt();
  return video;
}

Result<store::UploadStore::Made> accept_upload(Platform& platform, const store::Upload& upload, UploadFile& file,
                                               const std::string& correlation) {
  store::Accepted accepted;
  accepted.upload = upload.id;
  accepted.video = video_of(platform, upload);
  accepted.video.source = VF_TRY(platform.blobs.adopt(file.path(), file.sha256()));
  accepted.job = store::NewJob{.kind = "transcode",
                               .owner = upload.owner,
                               .video = accepted.video.id,
                               .params = VF_TRY(platform.kinds.check("transcode", json::object())),
                               .correlation = correlation,
                               .trace = trace_of(upload)};
  auto made = VF_TRY(platform.uploads.accept(accepted));
  end_trace(platform, upload, made.video.id);
  file.discard();
  platform.ring();
  return made;
}

Result<void> drop_upload(UploadContext& context, const std::string& id) {
  UploadFile::remove(context.platform.uploads_dir, id);
  context.hashes.forget(id);
  VF_TRY(context.platform.uploads.remove(id));
  return {};
}

}  // namespace vf::http
