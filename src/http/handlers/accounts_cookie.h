// The refresh token of a browser: in a cookie that scripts cannot read, and guarded against requests that
// other sites make the browser send (CSRF).
//
// The cookie is HttpOnly, Secure, SameSite=Strict, and over TLS named "__Host-vf_refresh", which no other
// host of the domain can set (RFC 6265bis 4.1.3.2). Only refresh and logout read it, and only with
// (1) X-CSRF-Token: a value bound to the session, given at sign-in and readable by our own pages in the cookie
//     "vf_csrf", and
// (2) an Origin, where the browser sends one, that is ours or configured.
// Everything else wants the access token in a header, which no other site can make a browser send.
#pragma once

#include <string>

#include "http/handlers/accounts.h"

namespace vf::http {

// A cookie's name here: "__Host-" stands before it over TLS.
std::string cookie_name(const Request& request, std::string_view name);
std::string cookie_value(const Request& request, std::string_view name);  // empty where there is none

// The token of the cookie, or empty.
std::string refresh_cookie(const Request& request);

void set_refresh_cookie(Response& response, const Request& request, const std::string& token, const std::string& csrf,
                        std::int64_t seconds);
void clear_refresh_cookie(Response& response, const Request& request);

// What X-CSRF-Token has to be for that session.
std::string csrf_token(const AccountsContext& context, const std::string& session);

// The answer for a request that may come from another site; nothing when it is ours.
std::optional<Response> refuse_forged(AccountsContext& context, const Call& call, const std::string& refresh_token);

}  // namespace vf::http
