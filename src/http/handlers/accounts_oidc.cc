// Signing in at an identity provider (auth/oidc.h).
//
//   GET /api/auth/oidc/login?provider=NAME&return=/path   303 to the provider; remembers itself in a cookie
//   GET /api/auth/oidc/callback?code=..&state=..          303 to /path, with the session's cookie
//   POST /api/auth/oidc/link {provider}                   where to go so that the identity joins one's account
//
// What is remembered stands sealed in a cookie of ten minutes (HttpOnly, Secure, SameSite=Lax: the provider's
// redirect comes from another site), so that only the browser that left can come back (RFC 6749 10.12).
#include <fmt/format.h>

#include "auth/crypto.h"
#include "http/handlers/accounts.h"
#include "http/handlers/accounts_cookie.h"
#include "http/json_body.h"

namespace vf::http {
namespace {

constexpr std::string_view kPending = "vf_oidc";
constexpr std::string_view kPendingContext = "oidc sign-in";

struct LinkBody {
  std::string provider;
  std::optional<std::string> returnTo;
};
BOOST_DESCRIBE_STRUCT(LinkBody, (), (provider, returnTo))

// Only paths of ours: "//evil.example" and "/\evil.example" lead elsewhere.
bool is_own_path(std::string_view path) {
  const bool plain = std::ranges::all_of(path, [](unsigned char c) { return c > ' ' && c != 0x7f && c != '\\'; });
  return path.starts_with('/') && !path.starts_with("//") && plain && path.size() <= 1000;
}

std::string redirect_uri(const AccountsContext& context, const Request& request) {
  const auto base = context.public_url.empty() ? fmt::format("{}://{}", request.secure ? "https" : "http", request.host)
                                               : context.public_url;
  return base + "/api/auth/oidc/callback";
}

void set_pending(Response& response, const Request& request, std::string_view value, std::int64_t seconds) {
  response.headers.add("Set-Cookie", fmt::format("{}={}; Path=/; Max-Age={}; Secure; SameSite=Lax; HttpOnly",
                                                 cookie_name(request, kPending), value, seconds));
}

Response see_other(std::string location) {
  Response out;
  out.status = 303;
  out.headers.set("Location", std::move(location));
  out.headers.set("Cache-Control", "no-store");
  return out;
}

std::string pack(const AccountsContext& context, const auth::OidcPending& pending) {
  return context.server_keys.box().seal(dump(to_json(pending)), kPendingContext);
}

std::optional<auth::OidcPending> unpack(const AccountsContext& context, const Request& request) {
  const auto open = context.server_keys.box().unseal(cookie_value(request, kPending), kPendingContext);
  auto pending =
      open ? from_json_text<auth::OidcPending>(*open) : Result<auth::OidcPending>(std::unexpected(open.error()));
  if (!pending || pending->ends <= context.clock()) return std::nullopt;
  return std::move(*pending);
}

Response no_such_provider(const Request& request) {
  return problem(request, 404, "not_found", "There is no identity provider of that name here.");
}

Response providers(AccountsContext& context, const Call&) {
  json::array items;
  for (const auto& client : context.external.providers())
    items.push_back({{"name", client->provider().name}, {"title", client->provider().title}});
  return json_response(200, {{"items", std::move(items)}, {"nextCursor", nullptr}});
}

Response login(AccountsContext& context, const Call& call) {
  auto* client = context.external.find(call.request.query_value("provider"));
  if (!client) return no_such_provider(call.request);
  const auto wanted = call.request.query_value("return");
  const std::string back(wanted.empty() ? "/" : wanted);
  if (!is_own_path(back))
    return problem(call.request, 400, "invalid_argument", "return is a path of this server: it begins with one \"/\".");
  const auto departure = client->depart(redirect_uri(context, call.request), back, "");
  if (!departure) return problem(call.request, departure.error());
  auto out = see_other(departure->url);
  set_pending(out, call.request, pack(context, departure->pending), 600);
  return out;
}

// Asked for by a page with its access token; the page then goes to `url` itself.
Response link(AccountsContext& context, const Call& call) {
  if (auto refused = session_required(call)) return std::move(*refused);
  auto body = read_body<LinkBody>(call);
  if (!body) return std::move(body).error();
  auto* client = context.external.find(body->provider);
  if (!client) return no_such_provider(call.request);
  const auto back = body->returnTo.value_or("/");
  if (!is_own_path(back))
    return problem(call.request, 400, "invalid_argument",
                   "returnTo is a path of this server: it begins with one \"/\".");
  const auto departure = client->depart(redirect_uri(context, call.request), back, call.who.user);
  if (!departure) return problem(call.request, departure.error());
  auto out = json_response(200, {{"url", departure->url}});
  out.headers.set("Cache-Control", "no-store");
  set_pending(out, call.request, pack(context, departure->pending), 600);
  return out;
}

Response refused(AccountsContext& context, const Call& call, const Error& error, const std::string& provider) {
  context.audit.record({}, call.request.peer, {"session.start", "provider " + provider, "refused", error.detail});
  if (error.code != ErrorCode::invalid_argument && error.code != ErrorCode::conflict)
    return problem(call.request, error);
  return problem(call.request, 403, "sign_in_refused", error.message);
}

Response linked(AccountsContext& context, const Call& call, const auth::OidcPending& pending,
                const auth::Identity& who) {
  if (const auto done = context.external.link(who, pending.link); !done)
    return refused(context, call, done.error(), pending.provider);
  context.audit.record({.user = pending.link}, call.request.peer, {"identity.link", "", "ok", pending.provider});
  return see_other(pending.return_to);
}

Response signed_in(AccountsContext& context, const Call& call, const auth::OidcPending& pending,
                   const auth::OidcClient& client, const auth::Identity& who) {
  const auto user = context.external.account(client, who, call.request.peer);
  if (!user) return refused(context, call, user.error(), pending.provider);
  const auto grant = context.sessions.start(*user, client_of(call.request), true);
  if (!grant) return problem(call.request, grant.error());
  context.anybody = true;
  const auto& session = grant->live.session.id;
  context.audit.record({.user = user->id, .name = user->name, .session = session}, call.request.peer,
                       {"session.start", "", "ok", "by " + pending.provider});
  auto out = see_other(pending.return_to);
  set_refresh_cookie(out, call.request, grant->refresh_token, csrf_token(context, session),
                     (grant->refresh_expires - context.clock()) / auth::kSecond);
  return out;
}

Response callback(AccountsContext& context, const Call& call) {
  const auto pending = unpack(context, call.request);
  if (!pending || !auth::same_secret(pending->state, call.request.query_value("state")))
    return problem(call.request, 403, "sign_in_refused",
                   "This sign-in was not begun in this browser, or more than ten minutes ago; begin again.");
  auto* client = context.external.find(pending->provider);
  if (!client) return no_such_provider(call.request);
  // The provider that answers is the one that was asked (RFC 9207).
  const auto issuer = call.request.query_value("iss");
  const auto code = std::string(call.request.query_value("code"));
  auto who = !issuer.empty() && issuer != client->provider().issuer
                 ? Result<auth::Identity>(fail(ErrorCode::invalid_argument, "Another provider answered.", "iss"))
             : code.empty() ? Result<auth::Identity>(fail(ErrorCode::invalid_argument,
                                                          "The identity provider did not let you in.", "no code"))
                            : client->arrive(code, *pending);
  auto out = !who                    ? refused(context, call, who.error(), pending->provider)
             : pending->link.empty() ? signed_in(context, call, *pending, *client, *who)
                                     : linked(context, call, *pending, *who);
  set_pending(out, call.request, "", 0);
  return out;
}

}  // namespace

std::vector<Endpoint> oidc_endpoints(AccountsContext& context) {
  using auth::Permission;
  const auto row = [&](std::string method, std::string path, Permission permission, RateClass rate,
                       AccountsHandler handler) {
    return accounts_endpoint(context, std::move(method), std::move(path), permission, rate, handler);
  };
  return {row("GET", "/api/auth/oidc/providers", Permission::open, RateClass::api, providers),
          row("GET", "/api/auth/oidc/login", Permission::open, RateClass::auth, login),
          row("GET", "/api/auth/oidc/callback", Permission::open, RateClass::auth, callback),
          row("POST", "/api/auth/oidc/link", Permission::signed_in, RateClass::auth, link)};
}

}  // namespace vf::http
