// Asking once more who it is, before something that cannot be taken back.
#include <fmt/format.h>

#include "http/gate_rates.h"
#include "http/handlers/accounts.h"
#include "http/message/problem.h"

namespace vf::http {
namespace {

constexpr std::int64_t kFresh = 5 * auth::kMinute;

Response refuse(AccountsContext& context, const Call& call, std::string_view action, std::string why, Response answer) {
  context.audit.record(call.who, call.request.peer, {action, "", "refused", std::move(why)});
  return answer;
}

// Nothing where the session is fresh.
std::optional<Response> refuse_stale(AccountsContext& context, const Call& call, std::string_view action) {
  const auto session = context.sessions.find(call.who.session);
  if (!session) return problem(call.request, session.error());
  if (*session && context.clock() - (*session)->created_at < kFresh) return std::nullopt;
  return refuse(context, call, action, "no fresh sign-in",
                problem(call.request, 403, "fresh_sign_in_required",
                        "This account has no password: sign in again, at your identity provider or with a passkey, and "
                        "repeat this within five minutes."));
}

std::optional<Response> refuse_wrong(AccountsContext& context, const Call& call,
                                     const std::optional<std::string>& password, std::string_view action) {
  if (!password)
    return problem(call.request, 400, "invalid_argument", "Send the account's password as password.",
                   {{"/password", "is missing"}});
  const auto right = context.users.confirm(call.who.user, *password);
  if (!right) return problem(call.request, right.error());
  if (*right) return std::nullopt;
  return refuse(context, call, action, "wrong password",
                problem(call.request, 403, "wrong_password", "The password is wrong."));
}

}  // namespace

std::expected<store::User, Response> confirmed(AccountsContext& context, const Call& call,
                                               const std::optional<std::string>& password, std::string_view action) {
  auto user = context.users.find(call.who.user);
  if (!user) return std::unexpected(problem(call.request, user.error()));
  auto refused =
      user->password.empty() ? refuse_stale(context, call, action) : refuse_wrong(context, call, password, action);
  if (refused) return std::unexpected(std::move(*refused));
  return std::move(*user);
}

Response locked(const Request& request, std::string_view what, std::int64_t wait) {
  const auto seconds = retry_seconds(wait);
  auto out =
      problem(request, 429, "sign_in_locked", fmt::format("Too many {}; try again in {} seconds.", what, seconds));
  out.headers.set("Retry-After", std::to_string(seconds));
  return out;
}

}  // namespace vf::http
