#include "http/views.h"

#include <charconv>

#include "base/json_case.h"
#include "base/rfc3339.h"
#include "base/uuid.h"

namespace vf::http {
namespace {

constexpr int kMostItems = 100;

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

// What is left, if it goes on as it went.
json::value eta_seconds(const store::Job& job, std::int64_t now_ms) {
  if (job.state != "processing" || !job.started_ms || job.progress < 0.02) return nullptr;
  const auto spent = static_cast<double>(now_ms - *job.started_ms) / 1000;
  return static_cast<std::int64_t>(spent * (1 - job.progress) / job.progress + 0.5);
}

}  // namespace

json::value time_json(const std::optional<std::int64_t>& milliseconds) {
  if (!milliseconds) return nullptr;
  return json::string(format_rfc3339(*milliseconds));
}

json::object video_json(const store::Video& v) {
  json::object out{
      {"id", v.id},
      {"owner", v.owner},
      {"title", v.title},
      {"description", v.description},
      {"tags", to_json(v.tags)},
      {"visibility", v.visibility},
      {"state", v.state},
      {"fileName", v.file_name},
      {"sizeBytes", v.source ? json::value(v.source->size) : json::value(nullptr)},
      {"durationSeconds", v.duration_ms ? json::value(static_cast<double>(*v.duration_ms) / 1000) : nullptr},
      {"width", v.width ? json::value(*v.width) : nullptr},
      {"height", v.height ? json::value(*v.height) : nullptr},
      {"error", v.error},
      {"createdAt", time_json(v.created_ms)},
      {"updatedAt", time_json(v.updated_ms)},
      {"expiresAt", time_json(v.expires_ms)}};
  if (v.state == "ready" || v.state == "playable") {
    const auto base = "/api/stream/" + v.id + "/";
    out["playback"] = json::object{{"hls", base + "master.m3u8"}, {"dash", base + "manifest.mpd"}};
  }
  return out;
}

json::object job_json(const store::Job& job, std::int64_t now_ms) {
  return {{"id", job.id},
          {"kind", job.kind},
          {"owner", job.owner},
          {"videoId", job.video ? json::value(*job.video) : json::value(nullptr)},
          {"state", job.state},
          {"reason", job.reason.empty() ? json::value(nullptr) : json::value(job.reason)},
          {"error", job.error},
          {"priority", job.priority},
          {"params", to_camel(job.params)},
          {"percentage", static_cast<double>(static_cast<std::int64_t>(job.progress * 1000 + 0.5)) / 10},
          {"etaSeconds", eta_seconds(job, now_ms)},
          {"result", to_camel(job.result)},
          {"correlationId", job.correlation},
          {"createdAt", time_json(job.created_ms)},
          {"startedAt", time_json(job.started_ms)},
          {"finishedAt", time_json(job.finished_ms)},
          {"expiresAt", time_json(job.expires_ms)}};
}

json::object stage_json(const store::StageRow& row) {
  return {{"id", row.stage.id},
          {"kind", row.stage.kind},
          {"round", row.round},
          {"state", row.state},
          {"attempts", row.attempts},
          {"percentage", row.fraction * 100},
          {"usage", row.usage ? to_camel(to_json(*row.usage)) : json::value(nullptr)},
          {"error", row.error},
          {"startedAt", time_json(row.started_ms)},
          {"finishedAt", time_json(row.finished_ms)}};
}

json::object asset_json(const store::Asset& asset) {
  json::object out{{"id", asset.id},
                   {"owner", asset.owner},
                   {"kind", asset.kind},
                   {"fileName", asset.file_name},
                   {"contentType", asset.content_type},
                   {"sizeBytes", asset.blob.size}};
  for (const auto& [key, value] : asset.info.as_object()) out[key] = value;
  out["createdAt"] = time_json(asset.created_ms);
  return out;
}

json::object playlist_json(const store::Playlist& p) {
  return {{"id", p.id},
          {"owner", p.owner},
          {"title", p.title},
          {"description", p.description},
          {"visibility", p.visibility},
          {"itemCount", p.items},
          {"createdAt", time_json(p.created_ms)},
          {"updatedAt", time_json(p.updated_ms)}};
}

json::object file_json(const store::FileRow& file) {
  return {{"name", file.name}, {"contentType", file.content_type}, {"sizeBytes", file.size}, {"etag", file.etag}};
}

std::string cursor_text(const store::Cursor& cursor) { return fmt::format("{}_{}", cursor.at_ms, cursor.id); }

std::expected<PageQuery, Response> page_query(const Request& request) {
  PageQuery out;
  if (const auto limit = request.query_value("limit"); !limit.empty()) {
    const auto value = whole_number(limit);
    if (!value || *value < 1 || *value > kMostItems)
      return std::unexpected(
          problem(request, 400, "invalid_argument", fmt::format("\"limit\" is 1 to {}.", kMostItems)));
    out.limit = static_cast<int>(*value);
  }
  if (const auto cursor = request.query_value("cursor"); !cursor.empty()) {
    const auto bar = cursor.find('_');
    const auto at = bar == std::string_view::npos ? std::nullopt : whole_number(cursor.substr(0, bar));
    if (!at || !is_uuid(cursor.substr(bar + 1)))
      return std::unexpected(
          problem(request, 400, "invalid_argument",
                  "This \"cursor\" was not given by this list; take it from nextCursor as it stands."));
    out.from = store::Cursor{*at, std::string(cursor.substr(bar + 1))};
  }
  return out;
}

bool owns(const auth::Principal& who, const std::string& owner) {
  return who.admin() || (!who.anonymous() && who.user == owner);
}

bool reads_own(const auth::Principal& who, const std::string& owner, auth::Permission reading) {
  return owns(who, owner) && auth::may(who, reading);
}

bool may_read(const auth::Principal& who, const std::string& owner, std::string_view visibility) {
  return reads_own(who, owner, auth::Permission::read_videos) || visibility != "private";
}

std::optional<Response> refuse_sharing(const Call& call, const store::Video& video) {
  if (may_read(call.who, video) && reads_own(call.who, video.owner, auth::Permission::read_videos)) return std::nullopt;
  return problem(call.request, 403, "forbidden", "Links to a video are made by those who may read it: read:videos.");
}

bool may_read(const auth::Principal& who, const store::Video& video) {
  return may_read(who, video.owner, video.visibility);
}

Response not_found(const Request& request, std::string_view what) {
  return problem(request, 404, "not_found", fmt::format("There is no such {}, or it is not yours to see.", what));
}

std::expected<store::Video, Response> readable_video(Platform& platform, const Call& call, const std::string& id) {
  auto video = platform.videos.find(id);
  if (!video) return std::unexpected(problem(call.request, video.error()));
  if (!*video || !may_read(call.who, **video)) return std::unexpected(not_found(call.request, "video"));
  return std::move(**video);
}

std::expected<store::VideoAccess, Response> readable_access(Platform& platform, const Call& call,
                                                            const std::string& id) {
  auto video = platform.videos.access(id);
  if (!video) return std::unexpected(problem(call.request, video.error()));
  if (!*video || !may_read(call.who, (*video)->owner, (*video)->visibility))
    return std::unexpected(not_found(call.request, "video"));
  return std::move(**video);
}

std::expected<store::Video, Response> known_video(Platform& platform, const Call& call, const std::string& id) {
  auto video = platform.videos.find(id);
  if (!video) return std::unexpected(problem(call.request, video.error()));
  if (!*video || (!owns(call.who, (*video)->owner) && (*video)->visibility == "private"))
    return std::unexpected(not_found(call.request, "video"));
  return std::move(**video);
}

std::expected<store::Video, Response> own_video(Platform& platform, const Call& call, const std::string& id) {
  auto video = known_video(platform, call, id);
  if (video && !owns(call.who, video->owner))
    return std::unexpected(problem(call.request, 403, "forbidden", "Only the video's owner or an admin may do this."));
  return video;
}

std::expected<store::Job, Response> readable_job(Platform& platform, const Call& call, const std::string& id) {
  auto job = platform.jobs.find(id);
  if (!job) return std::unexpected(problem(call.request, job.error()));
  if (!*job || !owns(call.who, (*job)->owner)) return std::unexpected(not_found(call.request, "job"));
  return std::move(**job);
}

}  // namespace vf::http
