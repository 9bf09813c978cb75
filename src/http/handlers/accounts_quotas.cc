// What accounts may use: one's own, and everybody's for admins.
#include <fmt/format.h>

#include "http/handlers/accounts.h"
#include "http/json_body.h"
#include "http/quotas.h"

namespace vf::http {
namespace {

// As a whole: what is absent or null is the role's again.
struct QuotasBody {
  std::optional<std::int64_t> storageBytes;
  std::optional<std::int64_t> minutesPerMonth;
  std::optional<std::int64_t> jobs;
  std::optional<std::int64_t> uploadsPerDay;
};
BOOST_DESCRIBE_STRUCT(QuotasBody, (), (storageBytes, minutesPerMonth, jobs, uploadsPerDay))

Response show(AccountsContext& context, const Call& call, const std::string& user) {
  const auto allowed = context.quotas->allowed(user);
  if (!allowed) return problem(call.request, allowed.error());
  const auto quotas = context.quotas->of(user);
  if (!quotas) return problem(call.request, quotas.error());
  json::array items;
  for (const auto& quota : *quotas) items.push_back(quota_json(quota));
  return json_response(200, {{"role", allowed->role}, {"items", std::move(items)}});
}

Response own(AccountsContext& context, const Call& call) { return show(context, call, call.who.user); }

Response of_user(AccountsContext& context, const Call& call) { return show(context, call, call.param("id")); }

Response put(AccountsContext& context, const Call& call) {
  auto body = read_body<QuotasBody>(call);
  if (!body) return std::move(body).error();
  const auto& id = call.param("id");
  const auto done =
      context.quotas->set(id, {body->storageBytes, body->minutesPerMonth, body->jobs, body->uploadsPerDay});
  if (!done) return problem(call.request, done.error());
  const auto text = [](const std::optional<std::int64_t>& limit) { return limit ? std::to_string(*limit) : "role"; };
  context.audit.record(call.who, call.request.peer,
                       {"user.quotas", "user " + id, "ok",
                        fmt::format("storage {}, minutes {}, jobs {}, uploads {}", text(body->storageBytes),
                                    text(body->minutesPerMonth), text(body->jobs), text(body->uploadsPerDay))});
  return show(context, call, id);
}

}  // namespace

std::vector<Endpoint> quota_endpoints(AccountsContext& context) {
  using auth::Permission;
  const auto row = [&](std::string method, std::string path, Permission permission, AccountsHandler handler) {
    return accounts_endpoint(context, std::move(method), std::move(path), permission, RateClass::api, handler);
  };
  return {row("GET", "/api/auth/quotas", Permission::signed_in, own),
          row("GET", "/api/admin/users/{id}/quotas", Permission::administer, of_user),
          row("PUT", "/api/admin/users/{id}/quotas", Permission::administer, put)};
}

}  // namespace vf::http
