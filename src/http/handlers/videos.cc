// Videos: list, look, change, remove; what they offer; their jobs in short.
#include "base/rfc3339.h"
#include "http/answers.h"
#include "http/captions.h"
#include "http/handlers/handlers.h"
#include "http/json_body.h"
#include "http/video_details.h"
#include "http/views.h"

namespace vf::http {
namespace {

using auth::Permission;

constexpr std::size_t kLongestLabel = 100;
constexpr std::int64_t kMostCaptionBytes = 16 << 20;

struct VideoPatch {
  std::optional<std::string> title;
  std::optional<std::string> description;
  std::optional<std::vector<std::string>> tags;
  std::optional<std::string> visibility;
  std::optional<json::value> expiresAt;  // RFC 3339, or null to keep it
  std::optional<bool> revokeLinks;
};
BOOST_DESCRIBE_STRUCT(VideoPatch, (), (title, description, tags, visibility, expiresAt, revokeLinks))

Error field(std::string_view pointer, std::string message) {
  return {ErrorCode::invalid_argument, fmt::format("At {}: {}", pointer, message), {}};
}

Result<store::VideoChange> change_of(const VideoPatch& patch, const json::value& sent) {
  auto details = VF_TRY(checked({patch.title, patch.description, patch.tags, patch.visibility}));
  store::VideoChange out{std::move(details.title),
                         std::move(details.description),
                         std::move(details.tags),
                         std::move(details.visibility),
                         {},
                         patch.revokeLinks.value_or(false)};
  // Sent as null means "keep it for good", which is not the same as not sent.
  if (const auto* at = sent.as_object().if_contains("expiresAt")) {
    if (at->is_null()) {
      out.expires_ms.emplace(std::nullopt);
    } else {
      const auto time = at->is_string() ? parse_rfc3339(at->as_string()) : std::nullopt;
      if (!time) return std::unexpected(field("/expiresAt", "expected a time such as 2027-01-31T00:00:00Z, or null."));
      out.expires_ms.emplace(*time);
    }
  }
  return out;
}

std::expected<store::VideoFilter, Response> filter_of(const Request& request) {
  store::VideoFilter filter;
  filter.text = request.query_value("search");
  filter.tag = request.query_value("tag");
  const auto state = std::string(request.query_value("state"));
  if (!state.empty()) filter.states = {state};
  const auto sort = request.query_value("sort");
  if (!sort.empty()) filter.sort = sort;
  constexpr std::array kSorts{"newest", "oldest", "longest", "updated"};
  if (std::ranges::find(kSorts, filter.sort) == kSorts.end())
    return std::unexpected(
        problem(request, 400, "invalid_argument", "\"sort\" is newest, oldest, longest or updated."));
  for (const auto& [name, bound] :
       {std::pair{"minDuration", &filter.min_duration_ms}, {"maxDuration", &filter.max_duration_ms}}) {
    const auto text = std::string(request.query_value(name));
    if (text.empty()) continue;
    char* end = nullptr;
    const double seconds = std::strtod(text.c_str(), &end);
    if (*end != '\0' || !(seconds >= 0) || seconds > 1e9)
      return std::unexpected(
          problem(request, 400, "invalid_argument", fmt::format("\"{}\" is a number of seconds.", name)));
    *bound = static_cast<std::int64_t>(seconds * 1000);
  }
  return filter;
}

Response list_of(Platform& platform, const Call& call, store::VideoFilter filter) {
  const auto page = VF_OR_RESPONSE(page_query(call.request));
  return page_response(VF_ANSWER(call, platform.videos.list(filter, page.limit, page.from)), video_json);
}

Response list_own(Platform& platform, const Call& call) {
  auto filter = VF_OR_RESPONSE(filter_of(call.request));
  // An admin may look at anybody's: ?owner=, or everybody's without it.
  filter.owner = call.who.admin() ? std::string(call.request.query_value("owner")) : call.who.user;
  filter.visibility = call.request.query_value("visibility");
  return list_of(platform, call, std::move(filter));
}

Response list_mine(Platform& platform, const Call& call) {
  auto filter = VF_OR_RESPONSE(filter_of(call.request));
  filter.owner = call.who.user;
  return list_of(platform, call, std::move(filter));
}

// Everything that a page of the gallery depends on.
std::string gallery_key(const store::VideoFilter& f, const PageQuery& page) {
  const auto bound = [](const std::optional<std::int64_t>& ms) { return ms ? json::value(*ms) : json::value(nullptr); };
  return "gallery " + dump(json::array{f.text, f.tag, f.sort, bound(f.min_duration_ms), bound(f.max_duration_ms),
                                       page.limit, page.from ? cursor_text(*page.from) : ""});
}

Response list_gallery(Platform& platform, const Call& call) {
  auto filter = VF_OR_RESPONSE(filter_of(call.request));
  filter.visibility = "public";
  filter.states = {"ready", "playable"};
  const auto page = VF_OR_RESPONSE(page_query(call.request));
  const auto make = [&]() -> Result<std::optional<std::string>> {
    return page_text(VF_TRY(platform.videos.list(filter, page.limit, page.from)), video_json);
  };
  auto text = VF_ANSWER(call, kept_text(platform, "gallery", gallery_key(filter, page), {kGalleryTag}, make));
  return json_text_response(200, std::move(*text));
}

json::array renditions_of(const std::vector<store::FileRow>& files) {
  json::array out;
  for (const auto& file : files)
    if (file.name.ends_with(".mp4")) out.push_back(file_json(file));
  return out;
}

Result<std::optional<std::string>> video_text(Platform& platform, const std::string& id) {
  const auto video = VF_TRY(platform.videos.find(id));
  if (!video) return std::nullopt;
  auto out = video_json(*video);
  const auto captions = VF_TRY(platform.videos.captions(id));
  json::array list;
  for (const auto& caption : captions)
    list.push_back(json::object{{"language", caption.language},
                                {"label", caption.label},
                                {"url", fmt::format("/api/stream/{}/{}.vtt", id, caption.language)}});
  out["captions"] = std::move(list);
  return wire_json(out);
}

Response show(Platform& platform, const Call& call) {
  const auto& id = call.param("id");
  VF_OR_RESPONSE(readable_access(platform, call, id));
  auto text = VF_ANSWER(
      call, kept_text(platform, "video", "video " + id, {video_tag(id)}, [&] { return video_text(platform, id); }));
  if (!text) return not_found(call.request, "video");
  return json_text_response(200, std::move(*text));
}

Response change(Platform& platform, const Call& call) {
  const auto video = VF_OR_RESPONSE(own_video(platform, call, call.param("id")));
  const auto sent = VF_OR_RESPONSE(read_json(call));
  const auto patch = VF_ANSWER(call, from_json<VideoPatch>(sent));
  const auto wanted = VF_ANSWER(call, change_of(patch, sent));
  const auto changed = VF_ANSWER(call, platform.videos.change(video.id, wanted));
  if (!changed) return not_found(call.request, "video");
  if (changed->visibility != video.visibility)
    record(platform, call, "video.visibility", "video " + video.id,
           fmt::format("{} to {}", video.visibility, changed->visibility));
  if (wanted.new_salt) record(platform, call, "link.revoke", "video " + video.id, "all links and playback tokens");
  return json_response(200, video_json(*changed));
}

Response remove(Platform& platform, const Call& call) {
  const auto video = VF_OR_RESPONSE(own_video(platform, call, call.param("id")));
  VF_ANSWER(call, platform.videos.remove(video.id));
  record(platform, call, "video.remove", "video " + video.id, video.owner == call.who.user ? "" : "of " + video.owner);
  return no_content();
}

Response status(Platform& platform, const Call& call) {
  const auto video = VF_OR_RESPONSE(readable_video(platform, call, call.param("id")));
  json::object out{{"id", video.id}, {"state", video.state}, {"error", video.error}};
  const auto jobs = VF_ANSWER(call, platform.jobs.list({.video = video.id}, 1, {}));
  if (!jobs.items.empty() && owns(call.who, video.owner)) {
    const auto job = job_json(jobs.items.front(), platform.now_ms());
    out["job"] = json::object{{"id", job.at("id")},
                              {"kind", job.at("kind")},
                              {"state", job.at("state")},
                              {"percentage", job.at("percentage")},
                              {"etaSeconds", job.at("etaSeconds")}};
  }
  return json_response(200, out);
}

Response metadata(Platform& platform, const Call& call) {
  const auto video = VF_OR_RESPONSE(readable_video(platform, call, call.param("id")));
  if (video.info.is_null())
    return problem(call.request, 409, "conflict", "The video was not looked at yet; try again in a moment.");
  return json_response(200, video.info);
}

struct ExtractBody {
  std::string videoId;
  std::optional<bool> loudness;
};
BOOST_DESCRIBE_STRUCT(ExtractBody, (), (videoId, loudness))

Response extract_metadata(Platform& platform, const Call& call) {
  const auto body = VF_OR_RESPONSE(read_body<ExtractBody>(call));
  const auto video = VF_OR_RESPONSE(own_video(platform, call, body.videoId));
  return json_response(200, VF_ANSWER(call, platform.look(video, body.loudness.value_or(false))));
}

Response renditions(Platform& platform, const Call& call) {
  const auto video = VF_OR_RESPONSE(readable_video(platform, call, call.param("id")));
  const auto files = VF_ANSWER(call, platform.videos.files(video.id));
  return json_response(200, json::object{{"items", renditions_of(files)}});
}

Response named_file(Platform& platform, const Call& call, const std::string& name) {
  const auto video = VF_OR_RESPONSE(readable_video(platform, call, call.param("id")));
  auto file = VF_ANSWER(call, platform.videos.file(video.id, name));
  if (!file) return not_found(call.request, "file");
  return file_response(platform, std::move(*file));
}

Response poster(Platform& platform, const Call& call) { return named_file(platform, call, "poster.jpg"); }
Response storyboard(Platform& platform, const Call& call) { return named_file(platform, call, "storyboard.vtt"); }

// The body is the file itself, SubRip or WebVTT; ?language= and ?label= say what it is.
Response put_caption(Platform& platform, const Call& call) {
  const auto video = VF_OR_RESPONSE(own_video(platform, call, call.param("id")));
  store::Caption caption;
  caption.language = call.request.query_value("language");
  caption.label = call.request.query_value("label");
  if (!is_language_tag(caption.language))
    return problem(call.request, 400, "invalid_argument",
                   "\"language\" is a language tag such as en or pt-BR (BCP 47).");
  if (caption.label.empty()) caption.label = caption.language;
  if (caption.label.size() > kLongestLabel)
    return problem(call.request, 400, "invalid_argument",
                   fmt::format("\"label\" has at most {} bytes.", kLongestLabel));
  caption.webvtt = VF_ANSWER(call, clean_captions(call.body));
  auto bytes = std::ssize(caption.webvtt);
  for (const auto& other : VF_ANSWER(call, platform.videos.captions(video.id)))
    if (other.language != caption.language) bytes += std::ssize(other.webvtt);
  if (bytes > kMostCaptionBytes)
    return problem(call.request, 413, to_string(ErrorCode::limit_exceeded),
                   fmt::format("The captions of a video have at most {} bytes together; these would make it {}.",
                               kMostCaptionBytes, bytes));
  VF_ANSWER_CHECK(call, platform.videos.put_caption(video.id, caption));
  return json_response(201, json::object{{"language", caption.language},
                                         {"label", caption.label},
                                         {"url", fmt::format("/api/stream/{}/{}.vtt", video.id, caption.language)}});
}

Response remove_caption(Platform& platform, const Call& call) {
  const auto video = VF_OR_RESPONSE(own_video(platform, call, call.param("id")));
  if (!VF_ANSWER(call, platform.videos.remove_caption(video.id, call.param("language"))))
    return not_found(call.request, "caption");
  return no_content();
}

}  // namespace

std::vector<Endpoint> video_endpoints(Platform& p) {
  return {
      platform_endpoint(p, "GET", "/api/videos", Permission::read_videos, list_own),
      platform_endpoint(p, "GET", "/api/videos/{id}", Permission::open, show),
      platform_endpoint(p, "PATCH", "/api/videos/{id}", Permission::write_videos, change, kJsonLimit),
      platform_endpoint(p, "DELETE", "/api/videos/{id}", Permission::write_videos, remove),
      platform_endpoint(p, "GET", "/api/videos/{id}/status", Permission::open, status),
      platform_endpoint(p, "GET", "/api/videos/{id}/metadata", Permission::open, metadata),
      platform_endpoint(p, "GET", "/api/videos/{id}/renditions", Permission::open, renditions),
      instant(platform_endpoint(p, "GET", "/api/videos/{id}/poster", Permission::open, poster, 0, RateClass::none)),
      instant(platform_endpoint(p, "GET", "/api/videos/{id}/storyboard.vtt", Permission::open, storyboard, 0,
                                RateClass::none)),
      platform_endpoint(p, "POST", "/api/metadata/extract", Permission::write_videos, extract_metadata, kJsonLimit),
      platform_endpoint(p, "POST", "/api/videos/{id}/captions", Permission::write_videos, put_caption, 4 << 20),
      platform_endpoint(p, "DELETE", "/api/videos/{id}/captions/{language}", Permission::write_videos, remove_caption),
  };
}

std::vector<Endpoint> gallery_endpoints(Platform& p) {
  return {
      platform_endpoint(p, "GET", "/api/gallery/videos", Permission::open, list_gallery),
      platform_endpoint(p, "GET", "/api/gallery/videos/{id}", Permission::open, show),
      platform_endpoint(p, "DELETE", "/api/gallery/videos/{id}", Permission::write_videos, remove),
      platform_endpoint(p, "GET", "/api/gallery/my-videos", Permission::read_videos, list_mine),
  };
}

}  // namespace vf::http
