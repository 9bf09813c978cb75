#include "app/platform/pages.h"

#include <algorithm>
#include <array>
#include <map>

#include "app/platform/embedded.h"
#include "base/sha256.h"
#include "http/message/problem.h"

namespace vf::app {
namespace {

// Pages load from here alone. Posters that need credentials, and what hls.js feeds the player, are blobs.
constexpr std::string_view kPagePolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src 'self' blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

// Swagger UI draws its icons from data: addresses in its style sheet.
constexpr std::string_view kDocumentationPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

constexpr auto kTypes = std::to_array<std::pair<std::string_view, std::string_view>>({
    {".html", "text/html; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".json", "application/json"},
    {".yaml", "application/yaml"},  // RFC 9512
    {".svg", "image/svg+xml"},
});

struct File {
  std::string_view bytes;
  std::string_view type;
  std::string etag;
};
using Files = std::map<std::string_view, File>;

File file_of(const EmbeddedFile& embedded) {
  File out{embedded.bytes, "application/octet-stream", '"' + sha256_hex(embedded.bytes).substr(0, 32) + '"'};
  for (const auto& [ending, type] : kTypes)
    if (embedded.name.ends_with(ending)) out.type = type;
  return out;
}

http::Response answer(const File& file, std::string_view policy) {
  http::Response out;
  out.headers.set("Content-Type", std::string(file.type));
  out.headers.set("ETag", file.etag);
  // Another version of the server has other pages under the same names: ask, and get 304.
  out.headers.set("Cache-Control", "no-cache");
  if (!policy.empty()) out.headers.set("Content-Security-Policy", std::string(policy));
  out.body = std::string(file.bytes);
  return out;
}

http::Endpoint open(std::string path, std::function<http::Response(const http::Call&)> handle) {
  return {.method = "GET",
          .path = std::move(path),
          .permission = auth::Permission::open,
          .rate = http::RateClass::none,
          .handle = std::move(handle),
          .begin = {}};
}

}  // namespace

std::vector<http::Endpoint> page_endpoints() {
  auto files = std::make_shared<Files>();
  for (const auto& embedded : embedded_files()) files->emplace(embedded.name, file_of(embedded));
  const auto page = [&](std::string path, std::string name, std::string_view policy) {
    return open(std::move(path), [files, name, policy](const http::Call&) { return answer(files->at(name), policy); });
  };
  const auto asset = [files](const http::Call& call) {
    const auto& name = call.param("name");
    const auto file = files->find(name);
    if (file == files->end() || name.ends_with(".html") || name.starts_with("api-spec."))
      return http::problem(call.request, 404, "not_found", "There is no such file.");
    return answer(file->second, {});
  };
  return {page("/", "index.html", kPagePolicy), page("/api-docs", "api-docs.html", kDocumentationPolicy),
          page("/api-spec.yaml", "api-spec.yaml", {}), page("/api-spec.json", "api-spec.json", {}),
          open("/assets/{name}", asset)};
}

}  // namespace vf::app
