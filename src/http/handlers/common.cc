#include "http/handlers/handlers.h"

namespace vf::http {

Endpoint platform_endpoint(Platform& platform, std::string method, std::string path, auth::Permission permission,
                           PlatformHandler handler, std::int64_t body_limit, RateClass rate) {
  Endpoint out;
  out.method = std::move(method);
  out.path = std::move(path);
  out.permission = permission;
  out.rate = rate;
  out.body_limit = body_limit;
  out.handle = [&platform, handler](const Call& call) { return handler(platform, call); };
  return out;
}

void record(Platform& platform, const Call& call, std::string_view action, std::string target, std::string detail) {
  if (platform.audit)
    platform.audit->record(call.who, call.request.peer, {action, std::move(target), "ok", std::move(detail)});
}

Response file_response(Platform& platform, store::FileRow file) {
  FileBody body;
  for (const auto& part : file.parts) body.pieces.push_back({part.offset, part.size});
  body.open = [&blobs = platform.blobs, parts = std::move(file.parts)](std::size_t piece) {
    return blobs.open({parts[piece].sha256, parts[piece].blob_size});
  };
  body.size = file.size;
  Response response;
  response.headers.set("Content-Type", file.content_type);
  response.headers.set("ETag", '"' + file.etag + '"');
  response.body = std::move(body);
  return response;
}

}  // namespace vf::http
