// Playback: manifests, tracks and captions of a video, for whoever may see it or holds a token.
//
// A token stands in the path, /api/stream/{id}/t/{token}/..., so that the relative addresses inside
// manifests keep it without being rewritten.
#include "http/handlers/handlers.h"
#include "http/json_body.h"
#include "http/manifest_captions.h"
#include "http/views.h"

namespace vf::http {
namespace {

using auth::Permission;

constexpr std::int64_t kMaxManifestBytes = 16 << 20;

bool is_manifest(std::string_view name) { return name.ends_with(".m3u8") || name.ends_with(".mpd"); }

Response text_response(std::string_view type, std::string text) {
  Response response;
  response.headers.set("Content-Type", std::string(type));
  response.body = std::move(text);
  return response;
}

const store::Caption* caption_of(const std::vector<store::Caption>& captions, std::string_view name,
                                 std::string_view extension) {
  if (!name.ends_with(extension)) return nullptr;
  name.remove_suffix(extension.size());
  for (const auto& caption : captions)
    if (caption.language == name) return &caption;
  return nullptr;
}

Result<std::string> whole_text(Platform& platform, const store::FileRow& file) {
  std::string out;
  for (const auto& part : file.parts) {
    const auto fd = VF_TRY(platform.blobs.open({part.sha256, part.blob_size}));
    out += VF_TRY(read_whole(fd.get(), kMaxManifestBytes))
               .substr(static_cast<std::size_t>(part.offset), static_cast<std::size_t>(part.size));
  }
  return out;
}

// Captions that were added later join the manifests on their way out; the stored set stays as it was proven.
Result<Response> stored_file(Platform& platform, const store::Video& video, const store::FileRow& file,
                             const std::vector<store::Caption>& captions) {
  const bool joins = !captions.empty() && (file.name == "master.m3u8" || file.name == "manifest.mpd");
  if (!joins) return file_response(platform, file);
  auto text = VF_TRY(whole_text(platform, file));
  text = file.name == "master.m3u8" ? with_captions_hls(std::move(text), captions)
                                    : with_captions_dash(std::move(text), captions);
  (void)video;
  return text_response(file.content_type, std::move(text));
}

Response serve(Platform& platform, const Call& call, const store::Video& video, std::string name) {
  if (name == "key") name = "key.bin";
  const auto captions = VF_ANSWER(call, platform.videos.captions(video.id));
  Response response;
  if (const auto* caption = caption_of(captions, name, ".vtt")) {
    response = text_response("text/vtt; charset=utf-8", caption->webvtt);
  } else if (const auto* listed = caption_of(captions, name, ".captions.m3u8")) {
    response = text_response("application/vnd.apple.mpegurl", caption_playlist(*listed, video.duration_ms.value_or(0)));
  } else {
    const auto file = VF_ANSWER(call, platform.videos.file(video.id, name));
    if (!file) return not_found(call.request, "file");
    response = VF_ANSWER(call, stored_file(platform, video, *file, captions));
  }
  // A new transcode keeps the addresses, so whoever holds a copy asks whether it still stands.
  response.headers.set("Cache-Control", video.visibility == "public" ? "public, no-cache" : "private, no-cache");
  if (is_manifest(name)) response.headers.set("Vary", "Authorization");
  return response;
}

Response open_file(Platform& platform, const Call& call) {
  const auto video = VF_OR_RESPONSE(readable_video(platform, call, call.param("id")));
  return serve(platform, call, video, call.param("name"));
}

Response token_file(Platform& platform, const Call& call) {
  auto video = VF_ANSWER(call, platform.videos.find(call.param("id")));
  // Whether the video exists must not be told by what an invalid token meets.
  const std::string salt = video ? video->salt : std::string();
  const bool good =
      platform.links.check(call.param("token"), auth::LinkPurpose::playback, call.param("id"), salt, platform.now_ms());
  if (!video || !good) return not_found(call.request, "video, or the link is over");
  return serve(platform, call, *video, call.param("name"));
}

struct TokenBody {
  std::optional<std::int64_t> seconds;
};
BOOST_DESCRIBE_STRUCT(TokenBody, (), (seconds))

Response playback_token(Platform& platform, const Call& call) {
  const auto video = VF_OR_RESPONSE(own_video(platform, call, call.param("id")));
  TokenBody body;
  if (!call.body.empty()) body = VF_OR_RESPONSE(read_body<TokenBody>(call));
  const auto most = platform.options.playback_link_ms / 1000;
  const auto seconds = body.seconds.value_or(most);
  if (seconds < 1 || seconds > most)
    return problem(call.request, 400, "invalid_argument", fmt::format("\"seconds\" is 1 to {}.", most),
                   {{"/seconds", fmt::format("expected 1 to {}", most)}});
  const auto expires = platform.now_ms() + seconds * 1000;
  const auto token = platform.links.sign(auth::LinkPurpose::playback, video.id, video.salt, expires);
  const auto base = fmt::format("/api/stream/{}/t/{}/", video.id, token);
  return json_response(201, json::object{{"token", token},
                                         {"hls", base + "master.m3u8"},
                                         {"dash", base + "manifest.mpd"},
                                         {"expiresAt", time_json(expires)}});
}

}  // namespace

std::vector<Endpoint> playback_endpoints(Platform& p) {
  return {
      platform_endpoint(p, "GET", "/api/stream/{id}/{name}", Permission::open, open_file, 0, RateClass::none),
      platform_endpoint(p, "GET", "/api/stream/{id}/t/{token}/{name}", Permission::open, token_file, 0,
                        RateClass::none),
      platform_endpoint(p, "POST", "/api/videos/{id}/playback-token", Permission::write_videos, playback_token,
                        kJsonLimit),
  };
}

}  // namespace vf::http
