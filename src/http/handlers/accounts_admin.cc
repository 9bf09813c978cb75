// Everybody's accounts, for admins.
#include <fmt/format.h>

#include "base/rfc3339.h"
#include "http/handlers/accounts.h"
#include "http/handlers/accounts_views.h"
#include "http/json_body.h"

namespace vf::http {
namespace {

constexpr std::int64_t kInvitationLife = 7 * auth::kDay;
constexpr std::int64_t kResetLife = auth::kDay;

struct UserBody {
  std::string username;
  std::string password;
  std::optional<std::string> email;
  std::optional<std::string> role;
};
BOOST_DESCRIBE_STRUCT(UserBody, (), (username, password, email, role))

struct UserChangeBody {
  std::optional<std::string> role;
  std::optional<bool> disabled;
  std::optional<std::string> email;  // null: none
};
BOOST_DESCRIBE_STRUCT(UserChangeBody, (), (role, disabled, email))

struct InvitationBody {
  std::optional<std::string> role;
  std::optional<std::string> note;
};
BOOST_DESCRIBE_STRUCT(InvitationBody, (), (role, note))

Result<auth::Role> read_role(const std::optional<std::string>& text) {
  const auto role = text ? auth::role_from(*text) : auth::Role::user;
  if (!role) return std::unexpected(Error{ErrorCode::invalid_argument, "role is viewer, user or admin.", {}, "/role"});
  return *role;
}

Response with_user(AccountsContext& context, const Call& call, const std::string& id, int status = 200) {
  const auto user = context.users.find(id);
  return user ? json_response(status, user_view(*user)) : problem(call.request, user.error());
}

void record(AccountsContext& context, const Call& call, std::string_view action, std::string target,
            std::string detail = "") {
  context.audit.record(call.who, call.request.peer, {action, std::move(target), "ok", std::move(detail)});
}

Response list(AccountsContext& context, const Call& call) {
  auto page = page_of(call.request);
  if (!page) return std::move(page).error();
  const auto role = std::string(call.request.query_value("role"));
  if (!role.empty() && !auth::role_from(role))
    return problem(call.request, 400, "invalid_argument", "role is viewer, user or admin.");
  const auto users = context.user_store.list({.after = page->cursor,
                                              .limit = page->limit + 1,
                                              .text = std::string(call.request.query_value("q")),
                                              .role = role});
  if (!users) return problem(call.request, users.error());
  json::array items;
  for (const auto& user : *users) items.push_back(user_view(user));
  return page_response(std::move(items), *page);
}

Response create(AccountsContext& context, const Call& call) {
  auto body = read_body<UserBody>(call);
  if (!body) return std::move(body).error();
  const auto role = read_role(body->role);
  if (!role) return problem(call.request, role.error());
  if (auto refused = session_required_to_give(*role, call)) return std::move(*refused);
  const auto user = context.users.add({body->username, body->email, body->password, *role}, "", false);
  if (!user) return problem(call.request, user.error());
  record(context, call, "user.create", "user " + user->id, "role " + user->role);
  auto out = json_response(201, user_view(*user));
  out.headers.set("Location", "/api/admin/users/" + user->id);
  return out;
}

Response get(AccountsContext& context, const Call& call) { return with_user(context, call, call.param("id")); }

bool has_email(const Call& call) {
  const auto document = parse_json(call.body);
  return document && document->is_object() && document->get_object().contains("email");  // null counts
}

// In order: what fails leaves what comes after it as it was.
Result<void> apply(AccountsContext& context, const Call& call, const UserChangeBody& body) {
  const auto& id = call.param("id");
  const auto role = VF_TRY(read_role(body.role));
  VF_TRY(context.users.find(id));
  if (has_email(call)) {
    VF_CHECK(context.users.set_email(id, body.email));
    record(context, call, "user.email", "user " + id);
  }
  if (body.role) {
    VF_CHECK(context.users.set_role(id, role));
    record(context, call, "user.role", "user " + id, *body.role);
  }
  if (body.disabled) {
    VF_CHECK(context.users.set_disabled(id, *body.disabled));
    record(context, call, *body.disabled ? "user.disable" : "user.enable", "user " + id);
  }
  return {};
}

Response update(AccountsContext& context, const Call& call) {
  auto body = read_body<UserChangeBody>(call);
  if (!body) return std::move(body).error();
  // A forgotten password is reset by whoever reads the mails of the address.
  if (has_email(call) || (body->role && auth::role_from(*body->role) == auth::Role::admin))
    if (auto refused = session_required(call)) return std::move(*refused);
  const auto applied = apply(context, call, *body);
  return applied ? with_user(context, call, call.param("id")) : problem(call.request, applied.error());
}

Response remove(AccountsContext& context, const Call& call) {
  const auto& id = call.param("id");
  const auto removed = context.users.remove(id);
  if (!removed) return problem(call.request, removed.error());
  record(context, call, "user.remove", "user " + id);
  if (context.removed) context.removed(id);
  return no_content();
}

Response sign_out(AccountsContext& context, const Call& call) {
  if (auto refused = session_required(call)) return std::move(*refused);
  const auto& id = call.param("id");
  if (const auto user = context.users.find(id); !user) return problem(call.request, user.error());
  const auto ended = context.sessions.end_all(id, "", "ended by an admin");
  if (!ended) return problem(call.request, ended.error());
  record(context, call, "session.end_all", "user " + id, fmt::format("{} sessions", *ended));
  return json_response(200, {{"ended", *ended}});
}

Response token_view(int status, const auth::Invitation& made) {
  auto view = invitation_view(made.ticket);
  view["token"] = made.token;
  auto out = json_response(status, view);
  out.headers.set("Cache-Control", "no-store");
  return out;
}

Response allow_reset(AccountsContext& context, const Call& call) {
  if (auto refused = session_required(call)) return std::move(*refused);
  const auto& id = call.param("id");
  const auto made = context.users.allow_reset(call.who.user, id, kResetLife);
  if (!made) return problem(call.request, made.error());
  record(context, call, "password.allow_reset", "user " + id);
  return token_view(201, *made);
}

Response remove_factor(AccountsContext& context, const Call& call) {
  if (auto refused = session_required(call)) return std::move(*refused);
  const auto& id = call.param("id");
  auto removed = context.second.remove(id);
  if (removed) removed = context.user_store.set_passkey_required(id, false, context.clock());
  if (!removed) return problem(call.request, removed.error());
  record(context, call, "mfa.remove", "user " + id);
  return no_content();
}

Response invite(AccountsContext& context, const Call& call) {
  auto body = read_body<InvitationBody>(call);
  if (!body) return std::move(body).error();
  const auto role = read_role(body->role);
  if (!role) return problem(call.request, role.error());
  if (auto refused = session_required_to_give(*role, call)) return std::move(*refused);
  const auto made = context.users.invite(call.who.user, *role, body->note.value_or(""), kInvitationLife);
  if (!made) return problem(call.request, made.error());
  record(context, call, "invitation.create", "invitation " + made->ticket.id, "role " + made->ticket.role);
  return token_view(201, *made);
}

Response list_invitations(AccountsContext& context, const Call& call) {
  const auto tickets = context.user_store.open_tickets("invitation", context.clock());
  if (!tickets) return problem(call.request, tickets.error());
  json::array items;
  for (const auto& ticket : *tickets) items.push_back(invitation_view(ticket));
  return json_response(200, {{"items", std::move(items)}, {"nextCursor", nullptr}});
}

Response withdraw(AccountsContext& context, const Call& call) {
  const auto& id = call.param("id");
  const auto removed = context.user_store.remove_invitation(id);
  if (!removed) return problem(call.request, removed.error());
  if (!*removed) return problem(call.request, 404, "not_found", "There is no such invitation.");
  record(context, call, "invitation.remove", "invitation " + id);
  return no_content();
}

}  // namespace

std::vector<Endpoint> admin_user_endpoints(AccountsContext& context) {
  const auto row = [&](std::string method, std::string path, AccountsHandler handler) {
    return accounts_endpoint(context, std::move(method), std::move(path), auth::Permission::administer, RateClass::api,
                             handler);
  };
  return {row("GET", "/api/admin/users", list),
          slow(row("POST", "/api/admin/users", create)),
          row("GET", "/api/admin/users/{id}", get),
          row("PATCH", "/api/admin/users/{id}", update),
          row("DELETE", "/api/admin/users/{id}", remove),
          row("POST", "/api/admin/users/{id}/sign-out", sign_out),
          row("POST", "/api/admin/users/{id}/password-reset", allow_reset),
          row("DELETE", "/api/admin/users/{id}/mfa", remove_factor),
          row("GET", "/api/admin/invitations", list_invitations),
          row("POST", "/api/admin/invitations", invite),
          row("DELETE", "/api/admin/invitations/{id}", withdraw)};
}

}  // namespace vf::http
