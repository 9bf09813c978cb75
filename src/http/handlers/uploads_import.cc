// POST /api/videos/import: a worker fetches the video from an address. Only the address' shape is judged here;
// whether it leads anywhere it may lead is for the fetching (net), after every DNS answer and redirect.
#include <algorithm>

#include <fmt/format.h>

#include "http/handlers/uploads.h"
#include "http/json_body.h"
#include "http/message/fields.h"
#include "http/message/target.h"

namespace vf::http {
namespace {

constexpr std::int64_t kJsonBytes = 256 * 1024;
constexpr std::size_t kLongestUrl = 2048;

struct ImportOrder {
  std::string url;
  std::optional<std::string> title;
  std::optional<std::string> description;
  std::optional<std::vector<std::string>> tags;
  std::optional<std::string> visibility;
};
BOOST_DESCRIBE_STRUCT(ImportOrder, (), (url, title, description, tags, visibility))

std::unexpected<Error> bad(std::string message) {
  return std::unexpected(Error{ErrorCode::invalid_argument, "At /url: " + message, {}, "/url"});
}

// scheme "://" authority path (RFC 3986 3). Gives the last part of the path, as a file's name.
Result<std::string> file_name_of(std::string_view url) {
  if (url.empty() || url.size() > kLongestUrl) return bad(fmt::format("expected 1 to {} characters.", kLongestUrl));
  if (!std::ranges::all_of(
          url, [](char c) { return c > 0x20 && c < 0x7f && c != '\\' && c != '"' && c != '<' && c != '>'; }))
    return bad("expected an address in ASCII, with everything else percent-encoded.");
  const auto colon = url.find("://");
  const auto scheme = lower(url.substr(0, colon));
  if (colon == std::string_view::npos || (scheme != "http" && scheme != "https"))
    return bad("expected an address that begins with http:// or https://.");
  const auto rest = url.substr(colon + 3);
  const auto authority = rest.substr(0, rest.find_first_of("/?#"));
  if (authority.find('@') != std::string_view::npos)
    return bad("expected an address without a name or password in it.");
  if (authority.empty() || authority.front() == ':') return bad("expected an address with the name of a host.");
  auto path = rest.substr(authority.size());
  path = path.substr(0, path.find_first_of("?#"));
  const auto last = path.substr(path.find_last_of('/') + 1);
  return clean_file_name(percent_decode(last).value_or(std::string(last)));
}

Response order_import(UploadContext& context, const Call& call, const std::string& id) {
  auto& platform = context.platform;
  auto order = read_body<ImportOrder>(call);
  if (!order) return std::move(order).error();
  auto name = file_name_of(order->url);
  if (!name) return problem(call.request, name.error());
  auto details = checked({order->title, order->description, order->tags, order->visibility});
  if (!details) return problem(call.request, details.error());
  const auto upload =
      begin_upload(context, call, {id, "import", std::move(*name), std::nullopt, {}, std::move(*details), false});
  if (!upload) return upload.error();

  store::Accepted accepted;
  accepted.upload = upload->id;
  accepted.video = video_of(platform, *upload);
  accepted.job = store::NewJob{.kind = "import",
                               .owner = call.who.user,
                               .video = accepted.video.id,
                               .params = json::object{{"url", order->url}},
                               .correlation = call.request.correlation,
                               .trace = trace_of(*upload)};
  const auto made = platform.uploads.accept(accepted);
  if (!made) return problem(call.request, made.error());
  end_trace(platform, *upload, made->video.id);
  platform.ring();
  return accepted_response(202, *made);
}

}  // namespace

std::vector<Endpoint> import_endpoints(const SharedUploads& uploads) {
  Endpoint out{"POST", "/api/videos/import", auth::Permission::write_videos, RateClass::upload, kJsonBytes, {}, {}};
  out.handle = idempotent(uploads->platform, [uploads](const Call& call) {
    // Under a key the order has an id of the key's, so that not even a crash between the video and the kept
    // answer makes a second video.
    const auto key = call.request.headers.get("Idempotency-Key");
    return order_import(*uploads, call, derived_id(call.who.user, key.empty() ? "" : fmt::format("import {}", key)));
  });
  return {std::move(out)};
}

}  // namespace vf::http
