// Passkeys: what a page passes to navigator.credentials, and what it sends back (toJSON() of the credential).
#include "http/handlers/accounts.h"
#include "http/handlers/accounts_views.h"
#include "http/json_body.h"

namespace vf::http {
namespace {

struct ConfirmBody {
  std::optional<std::string> password;  // of accounts that have one
};
BOOST_DESCRIBE_STRUCT(ConfirmBody, (), (password))

struct AddBody {
  std::string name;
  json::value credential;
};
BOOST_DESCRIBE_STRUCT(AddBody, (), (name, credential))

struct LoginBody {
  json::value credential;
  std::optional<bool> browser;
};
BOOST_DESCRIBE_STRUCT(LoginBody, (), (credential, browser))

Response no_store(Response response) {
  response.headers.set("Cache-Control", "no-store");
  return response;
}

Response options(AccountsContext& context, const Call& call) {
  if (auto refused = session_required(call)) return std::move(*refused);
  auto body = read_body<ConfirmBody>(call);
  if (!body) return std::move(body).error();
  const auto user = confirmed(context, call, body->password, "passkey.add");
  if (!user) return user.error();
  const auto made = context.passkeys->creation_options(*user, relying_party(context, call.request));
  return no_store(made ? json_response(200, *made) : problem(call.request, made.error()));
}

Response not_an_object(const Call& call) {
  return problem(call.request, 400, "invalid_argument", "credential is what the browser's toJSON() gave.",
                 {{"/credential", "an object"}});
}

Response add(AccountsContext& context, const Call& call) {
  if (auto refused = session_required(call)) return std::move(*refused);
  auto body = read_body<AddBody>(call);
  if (!body) return std::move(body).error();
  if (!body->credential.is_object()) return not_an_object(call);
  const auto user = context.users.find(call.who.user);
  if (!user) return problem(call.request, user.error());
  const auto key =
      context.passkeys->add(*user, body->name, body->credential.get_object(), relying_party(context, call.request));
  if (!key) return problem(call.request, key.error());
  context.audit.record(call.who, call.request.peer, {"passkey.add", "passkey " + key->id});
  return json_response(201, passkey_view(*key));
}

Response list(AccountsContext& context, const Call& call) {
  if (auto refused = session_required(call)) return std::move(*refused);
  const auto keys = context.passkeys->list(call.who.user);
  if (!keys) return problem(call.request, keys.error());
  json::array items;
  for (const auto& key : *keys) items.push_back(passkey_view(key));
  return json_response(200, {{"items", std::move(items)}, {"nextCursor", nullptr}});
}

Response remove(AccountsContext& context, const Call& call) {
  if (auto refused = session_required(call)) return std::move(*refused);
  const auto& id = call.param("id");
  const auto removed = context.passkeys->remove(id, call.who.user);
  if (!removed) return problem(call.request, removed.error());
  if (!*removed) return problem(call.request, 404, "not_found", "There is no such passkey.");
  context.audit.record(call.who, call.request.peer, {"passkey.remove", "passkey " + id});
  return no_content();
}

Response login_options(AccountsContext& context, const Call& call) {
  return no_store(json_response(200, context.passkeys->request_options(relying_party(context, call.request))));
}

Response login(AccountsContext& context, const Call& call) {
  auto body = read_body<LoginBody>(call);
  if (!body) return std::move(body).error();
  if (!body->credential.is_object()) return not_an_object(call);
  const auto user = context.passkeys->sign_in(body->credential.get_object(), relying_party(context, call.request));
  if (!user && user.error().code != ErrorCode::invalid_argument) return problem(call.request, user.error());
  if (!user) {
    context.audit.record({}, call.request.peer, {"session.start", "a passkey", "refused", user.error().detail});
    auto out = user.error().pointer.empty() ? problem(call.request, 401, "invalid_credentials", user.error().message)
                                            : problem(call.request, user.error());
    if (out.status == 401) out.headers.set("WWW-Authenticate", "Bearer realm=\"videoforge\"");
    return out;
  }
  const auto grant = context.sessions.start(*user, client_of(call.request), body->browser.value_or(false));
  if (!grant) return problem(call.request, grant.error());
  context.audit.record({.user = user->id, .name = user->name, .session = grant->live.session.id}, call.request.peer,
                       {"session.start", "", "ok", "by passkey"});
  return grant_response(context, call, *grant);
}

}  // namespace

std::vector<Endpoint> passkey_endpoints(AccountsContext& context) {
  using auth::Permission;
  const auto row = [&](std::string method, std::string path, Permission permission, RateClass rate,
                       AccountsHandler handler) {
    return accounts_endpoint(context, std::move(method), std::move(path), permission, rate, handler);
  };
  return {slow(row("POST", "/api/auth/passkeys/options", Permission::signed_in, RateClass::auth, options)),
          row("POST", "/api/auth/passkeys", Permission::signed_in, RateClass::api, add),
          row("GET", "/api/auth/passkeys", Permission::signed_in, RateClass::api, list),
          row("DELETE", "/api/auth/passkeys/{id}", Permission::signed_in, RateClass::api, remove),
          row("POST", "/api/auth/passkeys/login/options", Permission::open, RateClass::api, login_options),
          row("POST", "/api/auth/passkeys/login", Permission::open, RateClass::auth, login)};
}

}  // namespace vf::http
