// One's own account: who am I, password, second factor, sessions, export, farewell.
#include <fmt/format.h>

#include "base/rfc3339.h"
#include "http/handlers/accounts.h"
#include "http/handlers/accounts_views.h"
#include "http/json_body.h"
#include "http/quotas.h"

namespace vf::http {
namespace {

constexpr std::size_t kMostExported = 10'000;  // of each list

struct PasswordBody {
  std::string currentPassword;
  std::string newPassword;
};
BOOST_DESCRIBE_STRUCT(PasswordBody, (), (currentPassword, newPassword))

struct ConfirmBody {
  std::optional<std::string> password;  // of accounts that have one
};
BOOST_DESCRIBE_STRUCT(ConfirmBody, (), (password))

struct CodeBody {
  std::string code;
};
BOOST_DESCRIBE_STRUCT(CodeBody, (), (code))

struct ConfirmAndCodeBody {
  std::optional<std::string> password;
  std::string code;
};
BOOST_DESCRIBE_STRUCT(ConfirmAndCodeBody, (), (password, code))

Response wrong_password(AccountsContext& context, const Call& call, std::string_view action) {
  context.audit.record(call.who, call.request.peer, {action, "", "refused", "wrong password"});
  return problem(call.request, 403, "wrong_password", "The password is wrong.");
}

Response wrong_code(AccountsContext& context, const Call& call, std::string_view action, const auth::FactorCheck& check,
                    std::string_view detail) {
  const bool wait = check.outcome == auth::SignInOutcome::wait;
  context.audit.record(call.who, call.request.peer,
                       {action, "", "refused", wait ? "locked for a while" : "wrong code"});
  return wait ? locked(call.request, kWrongCodes, check.wait)
              : problem(call.request, 403, "second_factor_wrong", detail);
}

Response info(AccountsContext& context, const Call& call) {
  const auto user = context.users.find(call.who.user);
  if (!user) return problem(call.request, user.error());
  const auto codes = context.second.recovery_codes_left(user->id);
  if (!codes) return problem(call.request, codes.error());
  const bool by_key = !call.who.key.empty();
  return json_response(200, {{"user", user_view(*user)},
                             {"role", auth::to_string(call.who.role)},  // a key's may be less than the user's
                             {"permissions", texts(auth::permissions_of(call.who))},
                             {"via", by_key ? "key" : "session"},
                             {by_key ? "keyId" : "sessionId", by_key ? call.who.key : call.who.session},
                             {"recoveryCodesLeft", *codes}});
}

Response change_password(AccountsContext& context, const Call& call) {
  if (auto refused = session_required(call)) return std::move(*refused);
  auto body = read_body<PasswordBody>(call);
  if (!body) return std::move(body).error();
  const auto changed =
      context.users.change_password(call.who.user, body->currentPassword, body->newPassword, call.who.session);
  if (!changed) return problem(call.request, changed.error());
  if (!*changed) return wrong_password(context, call, "password.change");
  context.audit.record(call.who, call.request.peer, {"password.change", "", "ok", "other sessions ended"});
  return no_content();
}

Response enroll(AccountsContext& context, const Call& call) {
  if (auto refused = session_required(call)) return std::move(*refused);
  auto body = read_body<ConfirmBody>(call);
  if (!body) return std::move(body).error();
  const auto user = confirmed(context, call, body->password, "mfa.enroll");
  if (!user) return user.error();
  const auto enrolment = context.second.enroll(*user);
  if (!enrolment) return problem(call.request, enrolment.error());
  context.audit.record(call.who, call.request.peer, {"mfa.enroll", ""});
  auto out = json_response(200, {{"secret", enrolment->secret}, {"otpauthUri", enrolment->uri}});
  out.headers.set("Cache-Control", "no-store");
  return out;
}

Response verify(AccountsContext& context, const Call& call) {
  if (auto refused = session_required(call)) return std::move(*refused);
  auto body = read_body<CodeBody>(call);
  if (!body) return std::move(body).error();
  const auto user = context.users.find(call.who.user);
  if (!user) return problem(call.request, user.error());
  const auto made = context.sign_in.confirm_second_factor(*user, body->code);
  if (!made) return problem(call.request, made.error());
  if (made->check.outcome != auth::SignInOutcome::signed_in)
    return wrong_code(context, call, "mfa.activate", made->check,
                      "The code is wrong; is the clock of the device right?");
  context.audit.record(call.who, call.request.peer, {"mfa.activate", ""});
  auto out = json_response(200, {{"recoveryCodes", texts(made->recovery_codes)}});
  out.headers.set("Cache-Control", "no-store");
  return out;
}

Response remove_factor(AccountsContext& context, const Call& call) {
  if (auto refused = session_required(call)) return std::move(*refused);
  auto body = read_body<ConfirmAndCodeBody>(call);
  if (!body) return std::move(body).error();
  const auto user = confirmed(context, call, body->password, "mfa.remove");
  if (!user) return user.error();
  if (!user->totp_active) return problem(call.request, 409, "conflict", "The account has no second factor.");
  const auto checked = context.sign_in.check_second_factor(*user, {.code = body->code});
  if (!checked) return problem(call.request, checked.error());
  if (checked->outcome != auth::SignInOutcome::signed_in)
    return wrong_code(context, call, "mfa.remove", *checked, "The code is wrong or was used before.");
  const auto removed = context.second.remove(user->id);
  if (!removed) return problem(call.request, removed.error());
  context.audit.record(call.who, call.request.peer, {"mfa.remove", ""});
  return no_content();
}

Response list_sessions(AccountsContext& context, const Call& call) {
  if (auto refused = session_required(call)) return std::move(*refused);
  const auto sessions = context.sessions.list(call.who.user);
  if (!sessions) return problem(call.request, sessions.error());
  json::array items;
  for (const auto& session : *sessions) items.push_back(session_view(session, call.who.session));
  return json_response(200, {{"items", std::move(items)}, {"nextCursor", nullptr}});
}

Response end_session(AccountsContext& context, const Call& call) {
  if (auto refused = session_required(call)) return std::move(*refused);
  const auto& id = call.param("id");
  const auto ended = context.sessions.end(id, call.who.user, "ended by its user");
  if (!ended) return problem(call.request, ended.error());
  if (!*ended) return problem(call.request, 404, "not_found", "There is no such session.");
  context.audit.record(call.who, call.request.peer, {"session.end", "session " + id});
  return no_content();
}

// Everywhere; ?except=current spares the one that asks.
Response end_sessions(AccountsContext& context, const Call& call) {
  if (auto refused = session_required(call)) return std::move(*refused);
  const auto except = call.request.query_value("except");
  if (!except.empty() && except != "current")
    return problem(call.request, 400, "invalid_argument", "except is \"current\" or absent.");
  const auto ended =
      context.sessions.end_all(call.who.user, except.empty() ? "" : call.who.session, "signed out everywhere");
  if (!ended) return problem(call.request, ended.error());
  context.audit.record(call.who, call.request.peer, {"session.end_all", "", "ok", fmt::format("{} sessions", *ended)});
  return json_response(200, {{"ended", *ended}});
}

// Of a list that was read with one more than the most: so many, and its name where there are more.
template <typename T, typename View>
json::array listed(const std::vector<T>& all, std::string_view name, json::array& truncated, const View& view) {
  json::array out;
  for (const auto& one : all) {
    if (out.size() == kMostExported) {
      truncated.emplace_back(name);
      break;
    }
    out.push_back(view(one));
  }
  return out;
}

// What was done by the account, or to it. Who somebody else is, and where, is not the account's to know.
Result<std::vector<store::AuditEntry>> acts_about(AccountsContext& context, const std::string& user) {
  constexpr auto most = static_cast<std::int64_t>(kMostExported) + 1;
  auto acts = VF_TRY(context.audit_store.list({.limit = most, .actor = user}));
  for (auto& act : VF_TRY(context.audit_store.list({.limit = most, .target = "user " + user})))
    if (act.actor != user) {
      act.actor = act.actor_name = act.via = act.address = "";
      acts.push_back(std::move(act));
    }
  return acts;
}

// Everything that is kept about somebody, without a secret: bounded, and it says where a list was cut.
Result<json::object> everything_about(AccountsContext& context, const Call& call) {
  const auto& id = call.who.user;
  auto out = context.more_of ? VF_TRY(context.more_of(id)) : json::object{{"truncated", json::array()}};
  auto& truncated = out.at("truncated").as_array();
  out["user"] = user_view(VF_TRY(context.users.find(id)));
  out["sessions"] = listed(VF_TRY(context.sessions.list(id)), "sessions", truncated,
                           [&](const auto& one) { return session_view(one, call.who.session); });
  out["apiKeys"] = listed(VF_TRY(context.keys.list(id, "", kMostExported + 1)), "apiKeys", truncated, key_view);
  out["linkedAccounts"] =
      listed(VF_TRY(context.user_store.linked(id)), "linkedAccounts", truncated,
             [](const auto& one) { return json::object{{"issuer", one.issuer}, {"subject", one.subject}}; });
  if (context.passkeys)
    out["passkeys"] = listed(VF_TRY(context.passkeys->list(id)), "passkeys", truncated, passkey_view);
  if (context.quotas) out["quotas"] = listed(VF_TRY(context.quotas->of(id)), "quotas", truncated, quota_json);
  out["audit"] = listed(VF_TRY(acts_about(context, id)), "audit", truncated, audit_view);
  out["exportedAt"] = format_rfc3339(context.clock());
  return out;
}

Response export_account(AccountsContext& context, const Call& call) {
  if (auto refused = session_required(call)) return std::move(*refused);
  const auto all = everything_about(context, call);
  if (!all) return problem(call.request, all.error());
  context.audit.record(call.who, call.request.peer, {"user.export", ""});
  auto out = json_response(200, *all);
  out.headers.set("Content-Disposition", "attachment; filename=\"videoforge-account.json\"");
  out.headers.set("Cache-Control", "no-store");
  return out;
}

Response remove_account(AccountsContext& context, const Call& call) {
  if (auto refused = session_required(call)) return std::move(*refused);
  auto body = read_body<ConfirmBody>(call);
  if (!body) return std::move(body).error();
  const auto user = confirmed(context, call, body->password, "user.remove");
  if (!user) return user.error();
  const auto removed = context.users.remove(user->id);
  if (!removed) return problem(call.request, removed.error());
  context.audit.record(call.who, call.request.peer, {"user.remove", "user " + user->id});
  if (context.removed) context.removed(user->id);
  return no_content();
}

}  // namespace

std::vector<Endpoint> account_endpoints(AccountsContext& context) {
  const auto own = [&](std::string method, std::string path, RateClass rate, AccountsHandler handler) {
    return accounts_endpoint(context, std::move(method), std::move(path), auth::Permission::signed_in, rate, handler);
  };
  return {own("GET", "/api/auth/info", RateClass::api, info),
          slow(own("POST", "/api/auth/password", RateClass::auth, change_password)),
          slow(own("POST", "/api/auth/mfa/enroll", RateClass::auth, enroll)),
          own("POST", "/api/auth/mfa/verify", RateClass::auth, verify),
          slow(own("DELETE", "/api/auth/mfa", RateClass::auth, remove_factor)),
          own("GET", "/api/auth/sessions", RateClass::api, list_sessions),
          own("DELETE", "/api/auth/sessions", RateClass::api, end_sessions),
          own("DELETE", "/api/auth/sessions/{id}", RateClass::api, end_session),
          own("GET", "/api/auth/export", RateClass::api, export_account),
          slow(own("DELETE", "/api/auth/account", RateClass::auth, remove_account))};
}

}  // namespace vf::http
