#include "http/handlers/accounts_cookie.h"

#include <algorithm>

#include <fmt/format.h>

#include "auth/crypto.h"
#include "http/message/fields.h"
#include "http/message/problem.h"

namespace vf::http {
namespace {

void add_cookie(Response& response, const Request& request, std::string_view name, std::string_view value,
                std::int64_t seconds, bool for_scripts) {
  response.headers.add("Set-Cookie",
                       fmt::format("{}={}; Path=/; Max-Age={}; Secure; SameSite=Strict{}", cookie_name(request, name),
                                   value, seconds, for_scripts ? "" : "; HttpOnly"));
}

// "https://videos.example:8443" is ours when the host it names is the one that was asked.
bool is_ours(const AccountsContext& context, const Request& request, std::string_view origin) {
  if (std::ranges::find(context.origins, origin) != context.origins.end()) return true;
  const auto scheme = origin.find("://");
  return scheme != std::string_view::npos && !request.host.empty() && origin.substr(scheme + 3) == request.host;
}

}  // namespace

std::string cookie_name(const Request& request, std::string_view name) {
  return fmt::format("{}{}", request.secure ? "__Host-" : "", name);
}

std::string cookie_value(const Request& request, std::string_view name) {
  const auto wanted = cookie_name(request, name);
  for (const auto& [field, value] : request.headers.fields()) {
    if (!equal_ignoring_case(field, "Cookie")) continue;
    for (const auto pair : split_list(value, ';')) {
      const auto text = trim(pair);
      const auto equals = text.find('=');
      if (equals != std::string_view::npos && text.substr(0, equals) == wanted)
        return std::string(text.substr(equals + 1));
    }
  }
  return {};
}

std::string refresh_cookie(const Request& request) { return cookie_value(request, "vf_refresh"); }

void set_refresh_cookie(Response& response, const Request& request, const std::string& token, const std::string& csrf,
                        std::int64_t seconds) {
  add_cookie(response, request, "vf_refresh", token, seconds, false);
  add_cookie(response, request, "vf_csrf", csrf, seconds, true);
}

void clear_refresh_cookie(Response& response, const Request& request) {
  set_refresh_cookie(response, request, "", "", 0);
}

std::string csrf_token(const AccountsContext& context, const std::string& session) {
  return auth::base64url(auth::hmac_sha256(context.csrf_key, session));
}

std::optional<Response> refuse_forged(AccountsContext& context, const Call& call, const std::string& refresh_token) {
  const auto* origin = call.request.headers.find("Origin");
  if (origin && !is_ours(context, call.request, *origin))
    return problem(call.request, 403, "csrf", "This page's origin may not use the session's cookie.");
  const auto session = context.sessions.session_of(refresh_token);
  if (!session) return problem(call.request, session.error());
  // For an unknown token the comparison fails like for a wrong one.
  const auto wanted = csrf_token(context, session->value_or(""));
  if (*session && auth::same_secret(wanted, call.request.headers.get("X-CSRF-Token"))) return std::nullopt;
  return problem(call.request, 403, "csrf", "Send the value of the cookie vf_csrf as X-CSRF-Token.");
}

}  // namespace vf::http
