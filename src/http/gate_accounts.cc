#include "http/gate_accounts.h"

#include <fmt/format.h>

#include "http/message/fields.h"
#include "http/message/problem.h"

namespace vf::http {
namespace {

constexpr std::string_view kRealm = "Bearer realm=\"videoforge\"";

Response unauthorized(const Request& request, std::string_view code, std::string_view detail,
                      std::string_view challenge) {
  auto out = problem(request, 401, code, detail);
  out.headers.set("WWW-Authenticate",
                  challenge.empty() ? std::string(kRealm) : fmt::format("{}, error=\"{}\"", kRealm, challenge));
  return out;
}

Response invalid(const Request& request, const Error& error) {
  if (error.code != ErrorCode::invalid_argument) return problem(request, error);
  return unauthorized(request, "invalid_token", error.message, "invalid_token");
}

Response forbidden(const Request& request, const auth::Principal& who, auth::Permission permission) {
  const auto name = auth::to_string(permission);
  if (auth::allows(who.role, permission))
    return problem(request, 403, "insufficient_scope",
                   fmt::format("The API key's scopes do not include '{}'; use one that has it.", name));
  return problem(request, 403, "forbidden",
                 fmt::format("This needs '{}', which the role '{}' does not have.", name, auth::to_string(who.role)));
}

void add_fields(Response& response, const Fields& fields) {
  for (const auto& [name, value] : fields) response.headers.set(name, value);
}

// Signing in and out must work with whatever stale token a client still sends along.
bool forgives_bad_credentials(const Endpoint& endpoint) {
  return endpoint.permission == auth::Permission::open && endpoint.path.starts_with("/api/auth/");
}

bool shows_credentials(const Request& request) {
  return request.headers.find("Authorization") || request.headers.find("x-api-key");
}

}  // namespace

std::optional<Response> AccountsGate::blocked(const Request& request) {
  const auto wait = blocks_.blocked_for(auth::address_group(request.peer));
  if (!wait) return std::nullopt;
  auto out =
      problem(request, 429, "address_blocked",
              fmt::format("This address went on after being told to slow down and is blocked for {} more seconds. "
                          "An admin can release it.",
                          retry_seconds(*wait)));
  out.headers.set("Retry-After", std::to_string(retry_seconds(*wait)));
  return out;
}

Response AccountsGate::outside_ranges(const Request& request) {
  const auto prefix = std::string(request.headers.get("x-api-key").substr(0, 13));
  const auto told = prefix + " " + request.peer;
  if (!told_.find(told, clock_())) {
    told_.put(told, true, clock_(), told_.version());
    audit_.record({}, request.peer, {"key.use", "key " + prefix, "refused", "from outside its address ranges"});
  }
  return problem(request, 403, "address_not_allowed",
                 fmt::format("This API key may not be used from {}; its owner sets allowedCidrs.", request.peer));
}

AccountsGate::Caller AccountsGate::by_key(const Request& request, const std::string& text) {
  auto found = keys_.authenticate(text, request.peer);
  if (!found) return problem(request, found.error());
  if (*found) return std::move(**found);
  if (found->error() == auth::KeyRefusal::outside_ranges) return outside_ranges(request);
  return unauthorized(request, "invalid_api_key", "The API key is not known, has expired, or was revoked.",
                      "invalid_token");
}

AccountsGate::Caller AccountsGate::by_token(const Request& request, std::string_view field) {
  const auto space = field.find(' ');
  if (space == std::string_view::npos || !equal_ignoring_case(field.substr(0, space), "Bearer"))
    return unauthorized(request, "invalid_request", "Send \"Authorization: Bearer <access token>\" or x-api-key.",
                        "invalid_request");
  const auto token = trim(field.substr(space + 1));
  auto foreign = external_.bearer(token);
  if (!foreign) return invalid(request, foreign.error());
  if (*foreign) return std::move(**foreign);
  auto who = sessions_.authenticate(token);
  if (!who) return invalid(request, who.error());
  return std::move(*who);
}

bool AccountsGate::still_admits(const Request& request, const Endpoint& endpoint, const auth::Principal& who) {
  if (who.anonymous()) return true;
  const auto permission = endpoint.permission.value_or(auth::Permission::administer);
  if (!who.session.empty()) {
    // Not by its token, which is over after minutes: by the session behind it.
    const auto now = sessions_.again(who);
    return now && *now && auth::may(**now, permission);
  }
  const auto caller = authenticate(request, endpoint);
  const auto* now = std::get_if<auth::Principal>(&caller);
  return now && now->user == who.user && auth::may(*now, permission);
}

AccountsGate::Caller AccountsGate::authenticate(const Request& request, const Endpoint& endpoint) {
  const auto* token = request.headers.find("Authorization");
  const auto* key = request.headers.find("x-api-key");
  if (!token && !key) return auth::Principal{};
  auto who = token && key ? Caller(unauthorized(request, "invalid_request",
                                                "Send either Authorization or x-api-key, not both.", "invalid_request"))
             : key        ? by_key(request, *key)
                          : by_token(request, *token);
  const auto* refused = std::get_if<Response>(&who);
  if (refused && refused->status == 401 && forgives_bad_credentials(endpoint)) return auth::Principal{};
  return who;
}

Response AccountsGate::too_often(const Request& request, const auth::Allowance& allowance) {
  const bool now_blocked = blocks_.strike(auth::address_group(request.peer));
  if (now_blocked)
    audit_.record({}, request.peer, {"address.block", "address " + request.peer, "ok", "too many refusals"});
  const auto seconds = retry_seconds(allowance.retry_after);
  auto out = problem(request, 429, "rate_limited",
                     fmt::format("The limit is {} requests in {} seconds; try again in {} seconds.",
                                 allowance.quota.limit, allowance.quota.period / auth::kSecond, seconds));
  out.headers.set("Retry-After", std::to_string(seconds));
  return out;
}

std::variant<Admitted, Response> AccountsGate::admit(const Request& request, const Endpoint& endpoint) {
  auto block = endpoint.rate == RateClass::none ? std::nullopt : blocked(request);
  // A block is the address's, whose good citizens are not to suffer from strangers beside them.
  if (block && !shows_credentials(request)) return std::move(*block);
  auto caller = authenticate(request, endpoint);
  auto* who = std::get_if<auth::Principal>(&caller);
  if (block && (!who || who->anonymous())) return std::move(*block);
  // Whoever shows bad credentials pays from the budget of his address: guessing is counted. So does whoever signs
  // in or registers, signed in or not: an account more is no budget more.
  const bool by_address = endpoint.rate == RateClass::auth && endpoint.permission == auth::Permission::open;
  const auto budget = budget_of(rules_, request, who && (!by_address || who->admin()) ? *who : auth::Principal{},
                                !who && endpoint.rate != RateClass::none ? RateClass::api : endpoint.rate);
  const auto allowance = limiter_.take(budget.key, budget.quota);
  const auto fields = rate_fields(allowance, clock_());
  const auto refuse = [&](Response response) {
    add_fields(response, fields);
    return response;
  };
  if (!allowance.allowed) return refuse(too_often(request, allowance));
  if (!who) return refuse(std::get<Response>(std::move(caller)));
  const auto permission = endpoint.permission.value_or(auth::Permission::administer);
  if (auth::may(*who, permission)) return Admitted{std::move(*who), fields};
  if (who->anonymous()) return refuse(unauthorized(request, "unauthorized", "Sign in, or send an API key.", ""));
  return refuse(forbidden(request, *who, permission));
}

}  // namespace vf::http
