// Playback: manifests, tracks and captions of a video, for whoever may see it or holds a token.
//
// A token stands in the path, /api/stream/{id}/t/{token}/..., so that the relative addresses inside
// manifests keep it without being rewritten.
#include "base/sha256.h"
#include "http/answers.h"
#include "http/handlers/handlers.h"
#include "http/json_body.h"
#include "http/kept_files.h"
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

// Kept in the cache of answers.
struct Manifest {
  std::string type;
  std::string etag;
  std::string text;
};
constexpr std::array kManifestLines{&Manifest::type, &Manifest::etag};

std::string pack(const Manifest& manifest) {
  std::string out;
  for (const auto member : kManifestLines) out += manifest.*member + '\n';
  return out + manifest.text;
}

Manifest unpack(std::string_view packed) {
  Manifest out;
  for (const auto member : kManifestLines) {
    const auto end = packed.find('\n');
    out.*member = packed.substr(0, end);
    packed.remove_prefix(end + 1);
  }
  out.text = packed;
  return out;
}

// Captions that were added later join the manifests on their way out; the stored set stays as it was proven.
Result<bool> fill(Platform& platform, const store::Video& video, const std::string& name, Manifest& out) {
  const auto captions = VF_TRY(platform.videos.captions(video.id));
  if (const auto* listed = caption_of(captions, name, ".captions.m3u8")) {
    out.type = "application/vnd.apple.mpegurl";
    out.text = caption_playlist(*listed, video.duration_ms.value_or(0));
    return true;
  }
  const auto file = VF_TRY(platform.videos.file(video.id, name));
  if (!file) return false;
  out.type = file->content_type;
  out.text = VF_TRY(whole_text(platform, *file));
  if (captions.empty()) return true;
  if (name == "master.m3u8") out.text = with_captions_hls(std::move(out.text), captions);
  if (name == "manifest.mpd") out.text = with_captions_dash(std::move(out.text), captions);
  return true;
}

Result<std::optional<Manifest>> find_manifest(Platform& platform, const std::string& id, const std::string& name) {
  const auto make = [&]() -> Result<std::optional<std::string>> {
    const auto video = VF_TRY(platform.videos.find(id));
    if (!video) return std::nullopt;
    Manifest out;
    if (!VF_TRY(fill(platform, *video, name, out))) return std::nullopt;
    out.etag = sha256_hex(out.text);
    return pack(out);
  };
  const auto packed =
      VF_TRY(kept_text(platform, "manifest", fmt::format("manifest {} {}", id, name), {video_tag(id)}, make));
  return packed ? std::optional(unpack(*packed)) : std::nullopt;
}

// A new transcode keeps the addresses, so whoever holds a copy asks whether it still stands.
void set_caching(Response& response, std::string_view visibility) {
  response.headers.set("Cache-Control", visibility == "public" ? "public, no-cache" : "private, no-cache");
}

// A track that grows is another file each time, though no byte of it moves. A browser that kept a part under the last
// tag would ask for the next range with If-Range, and get the whole file for it.
void forget_version(Response& response) {
  response.headers.remove("ETag");
  response.headers.set("Cache-Control", "no-store");
}

Response serve_manifest(Platform& platform, const Call& call, const store::VideoAccess& video,
                        const std::string& name) {
  // Players that follow a beginning end by this.
  if (video.state == "failed")
    return problem(call.request, 404, "not_found",
                   "This video cannot be watched, because making it failed; the video's \"error\" says why.");
  auto manifest = VF_ANSWER(call, find_manifest(platform, video.id, name));
  if (!manifest) return not_found(call.request, "file");
  auto response = text_response(manifest->type, std::move(manifest->text));
  response.headers.set("ETag", '"' + manifest->etag + '"');
  response.headers.set("Vary", "Authorization");
  set_caching(response, video.visibility);
  return response;
}

Response serve(Platform& platform, const Call& call, const store::VideoAccess& video, std::string name) {
  if (is_manifest(name)) return serve_manifest(platform, call, video, name);
  if (name == "key") name = "key.bin";
  const auto captions =
      name.ends_with(".vtt") ? VF_ANSWER(call, platform.videos.captions(video.id)) : std::vector<store::Caption>();
  Response response;
  if (const auto* caption = caption_of(captions, name, ".vtt")) {
    response = text_response("text/vtt; charset=utf-8", caption->webvtt);
  } else {
    auto file = VF_ANSWER(call, kept_file(platform, video.id, name));
    if (!file) return not_found(call.request, "file");
    response = file_response(platform, std::move(*file));
  }
  set_caching(response, video.visibility);
  if (video.state == "playable") forget_version(response);
  return response;
}

Response open_file(Platform& platform, const Call& call) {
  return serve(platform, call, VF_OR_RESPONSE(readable_access(platform, call, call.param("id"))), call.param("name"));
}

Response token_file(Platform& platform, const Call& call) {
  const auto& id = call.param("id");
  const auto video = VF_ANSWER(call, platform.videos.access(id));
  // Whether the video exists must not be told by what an invalid token meets.
  const bool good = platform.links.check(call.param("token"), auth::LinkPurpose::playback, id, video ? video->salt : "",
                                         platform.now_ms());
  if (!good || !video) return not_found(call.request, "video, or the link is over");
  return serve(platform, call, *video, call.param("name"));
}

struct TokenBody {
  std::optional<std::int64_t> seconds;
};
BOOST_DESCRIBE_STRUCT(TokenBody, (), (seconds))

Response playback_token(Platform& platform, const Call& call) {
  const auto video = VF_OR_RESPONSE(own_video(platform, call, call.param("id")));
  if (auto refused = refuse_sharing(call, video)) return std::move(*refused);
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
  record(platform, call, "link.create", "video " + video.id, fmt::format("playback, for {} seconds", seconds));
  return json_response(201, json::object{{"token", token},
                                         {"hls", base + "master.m3u8"},
                                         {"dash", base + "manifest.mpd"},
                                         {"expiresAt", time_json(expires)}});
}

}  // namespace

std::vector<Endpoint> playback_endpoints(Platform& p) {
  return {
      instant(platform_endpoint(p, "GET", "/api/stream/{id}/{name}", Permission::open, open_file, 0, RateClass::none)),
      instant(platform_endpoint(p, "GET", "/api/stream/{id}/t/{token}/{name}", Permission::open, token_file, 0,
                                RateClass::none)),
      platform_endpoint(p, "POST", "/api/videos/{id}/playback-token", Permission::write_videos, playback_token,
                        kJsonLimit),
  };
}

}  // namespace vf::http
