// The second factor as signing in asks for it, and whether a passkey is demanded.
#include <fmt/format.h>

#include "http/handlers/accounts.h"
#include "http/json_body.h"

namespace vf::http {
namespace {

struct DemandBody {
  std::optional<std::string> password;  // of accounts that have one
};
BOOST_DESCRIBE_STRUCT(DemandBody, (), (password))

// As signing in takes them: a session that was stolen takes no protection away.
struct WaiveBody {
  std::optional<std::string> password;
  std::optional<std::string> code;
  std::optional<json::value> credential;
};
BOOST_DESCRIBE_STRUCT(WaiveBody, (), (password, code, credential))

std::string host_name(std::string_view host) {
  if (host.starts_with('[')) return std::string(host.substr(0, host.find(']') + 1));
  return std::string(host.substr(0, host.find(':')));
}

Response set(AccountsContext& context, const Call& call, const std::string& user, bool required,
             std::string_view action) {
  const auto done = context.user_store.set_passkey_required(user, required, context.clock());
  if (!done) return problem(call.request, done.error());
  context.audit.record(call.who, call.request.peer, {action, ""});
  return no_content();
}

Response demand(AccountsContext& context, const Call& call) {
  if (auto refused = session_required(call)) return std::move(*refused);
  auto body = read_body<DemandBody>(call);
  if (!body) return std::move(body).error();
  const auto user = confirmed(context, call, body->password, "mfa.passkey.demand");
  if (!user) return user.error();
  return set(context, call, user->id, true, "mfa.passkey.demand");
}

Response waive(AccountsContext& context, const Call& call) {
  if (auto refused = session_required(call)) return std::move(*refused);
  auto body = read_body<WaiveBody>(call);
  if (!body) return std::move(body).error();
  const auto user = confirmed(context, call, body->password, "mfa.passkey.waive");
  if (!user) return user.error();
  if (!user->passkey_required) return problem(call.request, 409, "conflict", "No passkey is demanded of this account.");
  auth::Credentials given{.code = body->code.value_or(""), .us = relying_party(context, call.request)};
  if (body->credential && body->credential->is_object()) given.credential = body->credential->get_object();
  const auto checked = context.sign_in.check_second_factor(*user, given);
  if (!checked) return problem(call.request, checked.error());
  if (checked->outcome == auth::SignInOutcome::code_needed) return second_factor_needed(context, call, *user);
  if (checked->outcome != auth::SignInOutcome::signed_in) {
    const bool wait = checked->outcome == auth::SignInOutcome::wait;
    context.audit.record(call.who, call.request.peer,
                         {"mfa.passkey.waive", "", "refused", wait ? "locked for a while" : "wrong second factor"});
    return wait ? locked(call.request, kWrongCodes, checked->wait)
                : problem(call.request, 403, "second_factor_wrong", "The code or the passkey was not accepted.");
  }
  return set(context, call, user->id, false, "mfa.passkey.waive");
}

}  // namespace

auth::RelyingParty relying_party(const AccountsContext& context, const Request& request) {
  const auto origin = context.public_url.empty()
                          ? fmt::format("{}://{}", request.secure ? "https" : "http", request.host)
                          : context.public_url;
  auth::RelyingParty party{host_name(std::string_view(origin).substr(origin.find("://") + 3)), {origin}};
  party.origins.insert(party.origins.end(), context.origins.begin(), context.origins.end());
  return party;
}

Response second_factor_needed(AccountsContext& context, const Call& call, const store::User& user) {
  json::array factors;
  json::object more;
  if (user.totp_active) factors.emplace_back("totp");
  if (context.passkeys) {
    auto options = context.passkeys->second_factor_options(user, relying_party(context, call.request));
    if (!options) return problem(call.request, options.error());
    if (!options->at("allowCredentials").as_array().empty()) {
      factors.emplace_back("passkey");
      more["passkeyOptions"] = std::move(*options);
    }
  }
  more["secondFactors"] = std::move(factors);
  auto out =
      problem(call.request, 401, "second_factor_required",
              "This account has a second factor: send the app's code as code, or the passkey's answer as credential.",
              {}, more);
  out.headers.set("WWW-Authenticate", "Bearer realm=\"videoforge\"");
  return out;
}

std::vector<Endpoint> passkey_factor_endpoints(AccountsContext& context) {
  const auto row = [&](std::string method, AccountsHandler handler) {
    return slow(accounts_endpoint(context, std::move(method), "/api/auth/mfa/passkey", auth::Permission::signed_in,
                                  RateClass::auth, handler));
  };
  return {row("POST", demand), row("DELETE", waive)};
}

}  // namespace vf::http
