// Files to keep: what was uploaded, its renditions, and what jobs made; by account, or by a link that carries
// its own right.
//
// A link is bound to one file, and to the salt of the video that the file comes from: a new salt (`revokeLinks`)
// voids the links of the video's own files, of its jobs' files, and every playback token.
#include <cctype>

#include "http/handlers/handlers.h"
#include "http/json_body.h"
#include "http/views.h"

namespace vf::http {
namespace {

using auth::LinkPurpose;
using auth::Permission;

constexpr std::string_view kOriginal = "original";  // the uploaded file, in links

// Content-Disposition (RFC 6266): a plain form for old clients, and the whole name percent-encoded.
std::string attachment(std::string_view name) {
  std::string plain;
  std::string encoded;
  for (const unsigned char c : name) {
    const bool safe = std::isalnum(c) || c == '.' || c == '-' || c == '_';
    plain += safe ? static_cast<char>(c) : '_';
    encoded += safe ? std::string(1, static_cast<char>(c)) : fmt::format("%{:02X}", c);
  }
  return fmt::format("attachment; filename=\"{}\"; filename*=UTF-8''{}", plain, encoded);
}

Response attached(Platform& platform, const store::FileRow& file) {
  auto response = file_response(platform, file);
  response.headers.set("Cache-Control", "private, no-cache");
  // A page made from somebody's file is looked at where it cannot reach this site.
  response.headers.set("Content-Disposition", attachment(file.name));
  return response;
}

std::expected<store::FileRow, Response> original_of(const Call& call, const store::Video& video) {
  if (!video.source)
    return std::unexpected(problem(call.request, 409, "conflict", "The video's bytes are not here yet."));
  const auto& [sha256, size] = *video.source;
  store::FileRow out;
  out.name = video.file_name;
  out.content_type = "application/octet-stream";
  out.size = size;
  out.etag = sha256;
  out.parts = {{sha256, 0, size, size}};
  return out;
}

std::expected<store::FileRow, Response> file_of(Platform& platform, const Call& call, const std::string& owner,
                                                const std::string& name) {
  auto found = platform.videos.file(owner, name);
  if (!found) return std::unexpected(problem(call.request, found.error()));
  if (!*found || name == "key.bin") return std::unexpected(not_found(call.request, "file"));
  return std::move(**found);
}

std::expected<store::FileRow, Response> video_file(Platform& platform, const Call& call, const store::Video& video,
                                                   const std::string& name) {
  return name == kOriginal ? original_of(call, video) : file_of(platform, call, video.id, name);
}

// ?file= names one of the renditions; without it the file that was uploaded.
Response download(Platform& platform, const Call& call) {
  const auto wanted = std::string(call.request.query_value("file"));
  const auto video = VF_OR_RESPONSE(readable_video(platform, call, call.param("id")));
  const auto name = wanted.empty() ? std::string(kOriginal) : wanted;
  if (name == kOriginal && !reads_own(call.who, video.owner, Permission::read_videos))
    return problem(call.request, 403, "forbidden", "Only the video's owner or an admin may have the original.");
  return attached(platform, VF_OR_RESPONSE(video_file(platform, call, video, name)));
}

Response job_file(Platform& platform, const Call& call, const store::Job& job, const std::string& name) {
  return attached(platform, VF_OR_RESPONSE(file_of(platform, call, job.id, name)));
}

Response named_file(Platform& platform, const Call& call) {
  const auto job = VF_OR_RESPONSE(readable_job(platform, call, call.param("id")));
  return job_file(platform, call, job, call.param("name"));
}

// The archive of a frames job, for its owner.
Response archive(Platform& platform, const Call& call) {
  const auto job = VF_OR_RESPONSE(readable_job(platform, call, call.param("id")));
  if (job.state != "completed")
    return problem(call.request, 409, "conflict",
                   fmt::format("The job is {}; its archive comes with its end.", job.state));
  return job_file(platform, call, job, "frames.zip");
}

// What revokes the links of one file: the video's salt, and none without the video.
std::string salt_of(const store::Video& video, const std::string& name) { return video.salt + "/" + name; }

Result<std::string> salt_of(Platform& platform, const store::Job& job, const std::string& name) {
  const auto video = job.video ? VF_TRY(platform.videos.find(*job.video)) : std::nullopt;
  return salt_of(video.value_or(store::Video{}), name);
}

// `area`: "video" or "job".
Response link(Platform& platform, const Call& call, const std::string& area, const std::string& id,
              const std::string& salt, const std::string& name) {
  const auto expires = platform.now_ms() + platform.options.download_link_ms;
  const auto token = platform.links.sign(LinkPurpose::download, id, salt, expires);
  record(platform, call, "link.create", fmt::format("{} {}", area, id),
         fmt::format("file {}, for {} seconds", name, platform.options.download_link_ms / 1000));
  return json_response(201, json::object{{"url", fmt::format("/api/{}s/{}/t/{}/{}", area, id, token, name)},
                                         {"expiresAt", time_json(expires)}});
}

Response link_video_file(Platform& platform, const Call& call) {
  const auto video = VF_OR_RESPONSE(own_video(platform, call, call.param("id")));
  if (auto refused = refuse_sharing(call, video)) return std::move(*refused);
  const auto& name = call.param("name");
  VF_OR_RESPONSE(video_file(platform, call, video, name));
  return link(platform, call, "video", video.id, salt_of(video, name), name);
}

Response link_job_file(Platform& platform, const Call& call) {
  const auto job = VF_OR_RESPONSE(readable_job(platform, call, call.param("id")));
  const auto& name = call.param("name");
  VF_OR_RESPONSE(file_of(platform, call, job.id, name));
  return link(platform, call, "job", job.id, VF_ANSWER(call, salt_of(platform, job, name)), name);
}

// Whether a video or job exists must not be told by what an invalid token meets.
Response link_is_over(const Call& call) { return not_found(call.request, "file, or the link is over"); }

bool is_good(Platform& platform, const Call& call, const std::string& salt) {
  return platform.links.check(call.param("token"), LinkPurpose::download, call.param("id"), salt, platform.now_ms());
}

Response linked_video_file(Platform& platform, const Call& call) {
  const auto& name = call.param("name");
  const auto video = VF_ANSWER(call, platform.videos.find(call.param("id")));
  if (!is_good(platform, call, salt_of(video.value_or(store::Video{}), name)) || !video) return link_is_over(call);
  return attached(platform, VF_OR_RESPONSE(video_file(platform, call, *video, name)));
}

Response linked_job_file(Platform& platform, const Call& call) {
  const auto& name = call.param("name");
  const auto job = VF_ANSWER(call, platform.jobs.find(call.param("id")));
  const auto salt = VF_ANSWER(call, salt_of(platform, job.value_or(store::Job{}), name));
  if (!is_good(platform, call, salt) || !job) return link_is_over(call);
  return job_file(platform, call, *job, name);
}

}  // namespace

std::vector<Endpoint> download_endpoints(Platform& p) {
  return {
      platform_endpoint(p, "GET", "/api/videos/{id}/download", Permission::open, download),
      platform_endpoint(p, "POST", "/api/videos/{id}/files/{name}/link", Permission::write_videos, link_video_file),
      platform_endpoint(p, "GET", "/api/videos/{id}/t/{token}/{name}", Permission::open, linked_video_file, 0,
                        RateClass::none),
      platform_endpoint(p, "GET", "/api/jobs/{id}/archive", Permission::read_jobs, archive, 0, RateClass::none),
      platform_endpoint(p, "GET", "/api/jobs/{id}/files/{name}", Permission::read_jobs, named_file, 0, RateClass::none),
      platform_endpoint(p, "POST", "/api/jobs/{id}/files/{name}/link", Permission::read_jobs, link_job_file),
      platform_endpoint(p, "GET", "/api/jobs/{id}/t/{token}/{name}", Permission::open, linked_job_file, 0,
                        RateClass::none),
  };
}

}  // namespace vf::http
