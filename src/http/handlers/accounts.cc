#include "http/handlers/accounts.h"

#include <charconv>

#include "http/message/problem.h"
#include "http/video_details.h"

namespace vf::http {
namespace {

constexpr std::int64_t kBodyLimit = 16 * 1024;
constexpr std::int64_t kMostItems = 100;

}  // namespace

Endpoint accounts_endpoint(AccountsContext& context, std::string method, std::string path, auth::Permission permission,
                           RateClass rate, AccountsHandler handler) {
  return {.method = std::move(method),
          .path = std::move(path),
          .permission = permission,
          .rate = rate,
          .body_limit = kBodyLimit,
          .handle = [&context, handler](const Call& call) { return handler(context, call); },
          .begin = {}};
}

Endpoint slow(Endpoint endpoint) {
  endpoint.lane = Lane::slow;
  return endpoint;
}

std::optional<Response> session_required(const Call& call) {
  if (!call.who.session.empty()) return std::nullopt;
  return problem(call.request, 403, "session_required", "An API key cannot do this; sign in and use the access token.");
}

std::optional<Response> session_required_to_give(auth::Role role, const Call& call) {
  return role == auth::Role::admin ? session_required(call) : std::nullopt;
}

auth::Client client_of(const Request& request) { return {request.peer, one_line(request.headers.get("User-Agent"))}; }

std::expected<Page, Response> page_of(const Request& request) {
  Page page{.cursor = std::string(request.query_value("cursor"))};
  const auto text = request.query_value("limit");
  if (text.empty()) return page;
  const auto* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, page.limit);
  if (read.ec != std::errc() || read.ptr != end || page.limit < 1 || page.limit > kMostItems)
    return std::unexpected(problem(request, 400, "invalid_argument", "limit is a number from 1 to 100."));
  return page;
}

Response page_response(json::array items, const Page& page) {
  json::object body;
  if (static_cast<std::int64_t>(items.size()) > page.limit) {
    items.resize(static_cast<std::size_t>(page.limit));
    body["nextCursor"] = items.back().at("id");
  } else {
    body["nextCursor"] = nullptr;
  }
  body["items"] = std::move(items);
  return json_response(200, body);
}

}  // namespace vf::http
