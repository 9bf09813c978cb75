// Assets: files that jobs use beside their video. Uploaded as the body itself, parsed in the sandbox before they are
// kept, named by id in a job's params.
#include "store/assets.h"
#include "http/captions.h"
#include "http/handlers/handlers.h"
#include "http/idempotency.h"
#include "http/quotas.h"
#include "http/uploads.h"
#include "http/views.h"

namespace vf::http {
namespace {

using auth::Permission;

constexpr std::int64_t kMaxAssetBytes = 16 << 20;

bool is_kind(std::string_view kind) { return kind == "picture" || kind == "subtitles"; }

Response bad_kind(const Request& request) {
  return problem(request, 400, "invalid_argument",
                 "\"kind\" is picture (PNG, JPEG or WebP, for a watermark) or subtitles (SubRip, WebVTT or ASS).");
}

Result<jobs::BlobRef> keep(Platform& platform, const std::string& body) {
  auto staged = VF_TRY(platform.blobs.stage());
  VF_CHECK(write_all(staged->fd(), body));
  return platform.blobs.commit(std::move(staged));
}

// What the parser says names the blob's nature; the client's own Content-Type decides nothing.
Response create(Platform& platform, const Call& call) {
  store::Asset asset;
  asset.kind = call.request.query_value("kind");
  if (!is_kind(asset.kind)) return bad_kind(call.request);
  if (call.body.empty()) return problem(call.request, 400, "invalid_argument", "The body is the file; it is empty.");
  std::unique_lock<std::mutex> admission;
  if (platform.quotas) admission = platform.quotas->admission();
  if (auto refused = refuse_upload(platform, call.request, call.who.user, std::ssize(call.body), false))
    return std::move(*refused);
  asset.blob = VF_ANSWER(call, keep(platform, call.body));
  auto found = VF_ANSWER(call, platform.look_at_asset(call.who.user, asset.kind, asset.blob)).as_object();
  asset.content_type = found.at("contentType").as_string();
  found.erase("contentType");
  asset.info = std::move(found);
  const auto* key = call.request.headers.find("Idempotency-Key");
  asset.id = derived_id(call.who.user, key ? fmt::format("asset {}", *key) : "");
  asset.owner = call.who.user;
  asset.file_name = clean_file_name(call.request.query_value("fileName"));
  asset.created_ms = platform.now_ms();
  const auto made = VF_ANSWER(call, platform.assets->create(asset));
  auto response = json_response(201, asset_json(made));
  response.headers.set("Location", "/api/assets/" + made.id);
  return response;
}

Response list(Platform& platform, const Call& call) {
  const auto page = VF_OR_RESPONSE(page_query(call.request));
  const std::string kind(call.request.query_value("kind"));
  if (!kind.empty() && !is_kind(kind)) return bad_kind(call.request);
  return page_response(VF_ANSWER(call, platform.assets->list(call.who.user, kind, page.limit, page.from)), asset_json);
}

Response show(Platform& platform, const Call& call) {
  return json_response(200, asset_json(VF_OR_RESPONSE(own_asset(platform, call, call.param("id")))));
}

// As it was sent; never shown by a browser in this site's name.
Response content(Platform& platform, const Call& call) {
  const auto asset = VF_OR_RESPONSE(own_asset(platform, call, call.param("id")));
  store::FileRow file;
  file.name = asset.file_name;
  file.content_type = asset.content_type;
  file.size = asset.blob.size;
  file.etag = asset.blob.sha256;
  file.parts = {{asset.blob.sha256, 0, asset.blob.size, asset.blob.size}};
  auto response = file_response(platform, file);
  response.headers.set("Content-Disposition", "attachment");
  response.headers.set("Cache-Control", "private, no-cache");
  return response;
}

Response remove(Platform& platform, const Call& call) {
  const auto asset = VF_OR_RESPONSE(own_asset(platform, call, call.param("id")));
  VF_ANSWER(call, platform.assets->remove(asset.id));
  return no_content();
}

Endpoint upload_endpoint(Platform& platform) {
  auto out = platform_endpoint(platform, "POST", "/api/assets", Permission::write_videos, create, kMaxAssetBytes,
                               RateClass::upload);
  out.handle = idempotent(platform, std::move(out.handle));
  return out;
}

}  // namespace

std::expected<store::Asset, Response> own_asset(Platform& platform, const Call& call, const std::string& id) {
  auto asset = platform.assets->find(id);
  if (!asset) return std::unexpected(problem(call.request, asset.error()));
  if (!*asset || !owns(call.who, (*asset)->owner)) return std::unexpected(not_found(call.request, "asset"));
  return std::move(**asset);
}

std::vector<Endpoint> asset_endpoints(Platform& p) {
  return {
      upload_endpoint(p),
      platform_endpoint(p, "GET", "/api/assets", Permission::read_videos, list),
      platform_endpoint(p, "GET", "/api/assets/{id}", Permission::read_videos, show),
      platform_endpoint(p, "GET", "/api/assets/{id}/content", Permission::read_videos, content, 0, RateClass::none),
      platform_endpoint(p, "DELETE", "/api/assets/{id}", Permission::write_videos, remove),
  };
}

}  // namespace vf::http
