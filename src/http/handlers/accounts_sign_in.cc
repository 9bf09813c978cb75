// Registering, signing in, staying signed in, signing out.
#include "auth/crypto.h"
#include "http/handlers/accounts.h"
#include "http/handlers/accounts_cookie.h"
#include "http/handlers/accounts_views.h"
#include "http/json_body.h"

namespace vf::http {
namespace {

constexpr std::int64_t kResetLife = 2 * auth::kHour;

struct RegisterBody {
  std::string username;
  std::string password;
  std::optional<std::string> email;
  std::optional<std::string> role;  // looked at only when an admin sends it
  std::optional<std::string> bootstrapToken;
  std::optional<std::string> invitation;
};
BOOST_DESCRIBE_STRUCT(RegisterBody, (), (username, password, email, role, bootstrapToken, invitation))

struct LoginBody {
  std::string username;
  std::string password;
  std::optional<std::string> code;
  std::optional<json::value> credential;
  std::optional<bool> browser;
};
BOOST_DESCRIBE_STRUCT(LoginBody, (), (username, password, code, credential, browser))

struct ForgotBody {
  std::string email;
};
BOOST_DESCRIBE_STRUCT(ForgotBody, (), (email))

struct RefreshBody {
  std::optional<std::string> refreshToken;
};
BOOST_DESCRIBE_STRUCT(RefreshBody, (), (refreshToken))

struct ResetBody {
  std::string token;
  std::string newPassword;
};
BOOST_DESCRIBE_STRUCT(ResetBody, (), (token, newPassword))

// How a registration is to be made, or the answer that refuses it.
struct Way {
  auth::Role role = auth::Role::user;
  std::string invitation;
  bool first = false;
};

Result<bool> anybody(AccountsContext& context) {
  if (!context.anybody && VF_TRY(context.user_store.count()) > 0) context.anybody = true;
  return context.anybody.load();
}

std::expected<Way, Response> first_way(AccountsContext& context, const Call& call, const RegisterBody& body) {
  if (!context.bootstrap_token.empty() && auth::same_secret(context.bootstrap_token, body.bootstrapToken.value_or("")))
    return Way{.role = auth::Role::admin, .first = true};
  return std::unexpected(problem(call.request, 403, "bootstrap_token_required",
                                 "This server has no account yet. The first one is made with the one-time token that "
                                 "the server printed at its start: send it as bootstrapToken."));
}

std::expected<Way, Response> admins_way(const Call& call, const RegisterBody& body) {
  const auto role = body.role ? auth::role_from(*body.role) : auth::Role::user;
  if (role) {
    if (auto refused = session_required_to_give(*role, call)) return std::unexpected(std::move(*refused));
    return Way{.role = *role};
  }
  return std::unexpected(problem(call.request, 400, "invalid_argument", "role is viewer, user or admin.",
                                 {{"/role", "viewer, user or admin"}}));
}

std::expected<Way, Response> way_of(AccountsContext& context, const Call& call, const RegisterBody& body) {
  const auto somebody = anybody(context);
  if (!somebody) return std::unexpected(problem(call.request, somebody.error()));
  if (!*somebody) return first_way(context, call, body);
  if (!body.bootstrapToken.value_or("").empty())
    return std::unexpected(
        problem(call.request, 409, "conflict", "The first account exists already; register without bootstrapToken."));
  if (auth::may(call.who, auth::Permission::administer)) return admins_way(call, body);
  const auto invitation = body.invitation.value_or("");
  if (context.registration == Registration::closed)
    return std::unexpected(problem(call.request, 403, "registration_closed",
                                   "Registration is closed on this server; ask an admin for an account."));
  if (context.registration == Registration::invitation && invitation.empty())
    return std::unexpected(
        problem(call.request, 403, "invitation_required",
                "Registration needs an invitation; ask an admin for one and send it as invitation."));
  return Way{.invitation = invitation};
}

Response register_user(AccountsContext& context, const Call& call) {
  auto body = read_body<RegisterBody>(call);
  if (!body) return std::move(body).error();
  auto way = way_of(context, call, *body);
  if (!way) return std::move(way).error();
  const auto user =
      context.users.add({body->username, body->email, body->password, way->role}, way->invitation, way->first);
  if (!user) return problem(call.request, user.error());
  context.anybody = true;
  const auth::Principal owner{
      .user = user->id, .name = user->name, .role = auth::role_from(user->role).value_or(auth::Role::viewer)};
  context.audit.record(call.who.anonymous() ? owner : call.who, call.request.peer,
                       {"user.register", "user " + user->id, "ok", "role " + user->role});
  const auto key = context.keys.create(owner, {.name = "first key"});
  if (!key) return problem(call.request, key.error());
  auto out = json_response(201, {{"user", user_view(*user)}, {"apiKey", new_key_view(*key)}});
  out.headers.set("Cache-Control", "no-store");
  return out;
}

Response refused(const Request& request, std::string_view code, std::string_view detail) {
  auto out = problem(request, 401, code, detail);
  out.headers.set("WWW-Authenticate", "Bearer realm=\"videoforge\"");
  return out;
}

Response not_signed_in(AccountsContext& context, const Call& call, const auth::SignedIn& result) {
  const auto& request = call.request;
  switch (result.outcome) {
    case auth::SignInOutcome::code_needed:
      return second_factor_needed(context, call, *result.account);
    case auth::SignInOutcome::code_wrong:
      return refused(request, "second_factor_wrong",
                     "The code or the passkey is wrong or was used before; try again with a new one.");
    case auth::SignInOutcome::wait:
      return locked(request, result.account ? kWrongCodes : "failed sign-ins from here", result.wait);
    default:
      return refused(request, "invalid_credentials", "The user name or the password is wrong.");
  }
}

// For the audit log: how far a sign-in came that did not succeed.
std::string_view how_far(const auth::SignedIn& result) {
  switch (result.outcome) {
    case auth::SignInOutcome::code_needed:
      return "right password, no second factor yet";
    case auth::SignInOutcome::code_wrong:
      return "right password, wrong second factor";
    case auth::SignInOutcome::wait:
      return result.account ? "right password, second factor locked for a while" : "locked for a while";
    default:
      return "";
  }
}

Response login(AccountsContext& context, const Call& call) {
  auto body = read_body<LoginBody>(call);
  if (!body) return std::move(body).error();
  auth::Credentials given{body->username, body->password, body->code.value_or(""), std::nullopt,
                          relying_party(context, call.request)};
  if (body->credential && body->credential->is_object()) given.credential = body->credential->get_object();
  const auto result = context.sign_in.attempt(given, client_of(call.request), body->browser.value_or(false));
  if (!result) return problem(call.request, result.error());
  const bool in = result->outcome == auth::SignInOutcome::signed_in;
  auth::Principal who{.user = result->user};
  if (in) who.name = result->granted->live.user_name, who.session = result->granted->live.session.id;
  context.audit.record(who, call.request.peer,
                       {"session.start", result->user.empty() ? "unknown name" : "", in ? "ok" : "refused",
                        std::string(how_far(*result))});
  return in ? grant_response(context, call, *result->granted) : not_signed_in(context, call, *result);
}

// The refresh token of the body, or of the cookie if the request is our own page's.
struct Shown {
  std::string token;
  bool cookie = false;
};

std::expected<Shown, Response> shown_token(AccountsContext& context, const Call& call) {
  RefreshBody body;
  if (!call.body.empty()) {
    auto read = read_body<RefreshBody>(call);
    if (!read) return std::unexpected(std::move(read).error());
    body = std::move(*read);
  }
  if (body.refreshToken) return Shown{*body.refreshToken, false};
  auto token = refresh_cookie(call.request);
  if (token.empty()) return Shown{};
  if (auto forged = refuse_forged(context, call, token)) return std::unexpected(std::move(*forged));
  return Shown{std::move(token), true};
}

Response refresh(AccountsContext& context, const Call& call) {
  auto shown = shown_token(context, call);
  if (!shown) return std::move(shown).error();
  if (shown->token.empty())
    return refused(call.request, "refresh_token_required", "Send the refresh token as refreshToken, or its cookie.");
  const auto result = context.sessions.refresh(shown->token, client_of(call.request));
  if (!result) return problem(call.request, result.error());
  if (result->granted) return grant_response(context, call, *result->granted);
  const bool reused = result->outcome == store::Exchanged::reused;
  if (reused)
    context.audit.record({.user = result->user, .session = result->session}, call.request.peer,
                         {"session.replay", "session " + result->session, "refused", "the session was ended"});
  auto out = reused ? refused(call.request, "refresh_token_reused",
                              "This refresh token was used before, so the session was ended for safety; sign in again.")
                    : refused(call.request, "invalid_refresh_token", "The refresh token is not valid; sign in again.");
  if (shown->cookie) clear_refresh_cookie(out, call.request);
  return out;
}

// Ends the session of the refresh token, or of the access token where none is shown. Twice is as good as once.
Response logout(AccountsContext& context, const Call& call) {
  auto shown = shown_token(context, call);
  if (!shown) return std::move(shown).error();
  auto out = no_content();
  clear_refresh_cookie(out, call.request);
  std::string session = call.who.session, user = call.who.user;
  if (!shown->token.empty()) {
    const auto ended = context.sessions.end_by_token(shown->token, "signed out");
    if (!ended) return problem(call.request, ended.error());
    if (!*ended) return out;
    session = (*ended)->id;
    user = (*ended)->user;
  } else {
    if (session.empty()) return out;
    const auto ended = context.sessions.end(session, user, "signed out");
    if (!ended) return problem(call.request, ended.error());
  }
  context.audit.record({.user = user, .session = session}, call.request.peer, {"session.end", "session " + session});
  return out;
}

Response reset_password(AccountsContext& context, const Call& call) {
  auto body = read_body<ResetBody>(call);
  if (!body) return std::move(body).error();
  const auto user = context.users.reset_password(body->token, body->newPassword);
  if (!user) return problem(call.request, user.error());
  if (!*user) {
    context.audit.record({}, call.request.peer, {"password.reset", "unknown token", "refused", ""});
    return problem(call.request, 403, "invalid_reset_token",
                   "This token is not valid, was used, or has expired; ask an admin for a new one.");
  }
  context.audit.record({.user = **user}, call.request.peer, {"password.reset", ""});
  return no_content();
}

// The answer says nothing about who is there, and takes as long.
Response forgot_password(AccountsContext& context, const Call& call) {
  auto body = read_body<ForgotBody>(call);
  if (!body) return std::move(body).error();
  const auto asked = context.users.mail_reset(body->email, kResetLife);
  if (!asked) return problem(call.request, asked.error());
  context.audit.record({}, call.request.peer,
                       {"password.forgot", asked->empty() ? "unknown address" : "user " + asked->front()});
  return json_response(202, {{"detail", "If an account has this address, a message with the next step goes to it."}});
}

Response jwks(AccountsContext& context, const Call&) {
  auto out = json_response(200, context.server_keys.jwks());
  out.headers.set("Cache-Control", "public, max-age=300");
  return out;
}

}  // namespace

Response grant_response(AccountsContext& context, const Call& call, const auth::Granted& grant) {
  const auto now = context.clock();
  const auto& session = grant.live.session;
  json::object body{{"accessToken", grant.access_token},
                    {"tokenType", "Bearer"},
                    {"expiresIn", (grant.access_expires - now) / auth::kSecond},
                    {"sessionId", session.id},
                    {"user", {{"id", session.user}, {"username", grant.live.user_name}, {"role", grant.live.role}}}};
  const auto csrf = csrf_token(context, session.id);
  if (session.browser)
    body["csrfToken"] = csrf;
  else
    body["refreshToken"] = grant.refresh_token;
  auto out = json_response(200, body);
  out.headers.set("Cache-Control", "no-store");
  if (session.browser)
    set_refresh_cookie(out, call.request, grant.refresh_token, csrf, (grant.refresh_expires - now) / auth::kSecond);
  return out;
}

std::vector<Endpoint> sign_in_endpoints(AccountsContext& context) {
  using auth::Permission;
  const auto open = [&](std::string method, std::string path, RateClass rate, AccountsHandler handler) {
    return accounts_endpoint(context, std::move(method), std::move(path), Permission::open, rate, handler);
  };
  return {slow(open("POST", "/api/auth/register", RateClass::auth, register_user)),
          slow(open("POST", "/api/auth/login", RateClass::auth, login)),
          open("POST", "/api/auth/refresh", RateClass::api, refresh),
          open("POST", "/api/auth/logout", RateClass::api, logout),
          slow(open("POST", "/api/auth/password/reset", RateClass::auth, reset_password)),
          open("POST", "/api/auth/password/forgot", RateClass::auth, forgot_password),
          open("GET", "/api/auth/jwks.json", RateClass::api, jwks)};
}

}  // namespace vf::http
