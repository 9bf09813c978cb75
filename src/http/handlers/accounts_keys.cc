// API keys, each its owner's.
#include "base/rfc3339.h"
#include "http/handlers/accounts.h"
#include "http/handlers/accounts_views.h"
#include "http/json_body.h"

namespace vf::http {
namespace {

struct KeyBody {
  std::string name;
  std::optional<std::string> role;
  std::optional<std::vector<std::string>> scopes;
  std::optional<std::vector<std::string>> allowedCidrs;
  std::optional<std::string> expiresAt;
};
BOOST_DESCRIBE_STRUCT(KeyBody, (), (name, role, scopes, allowedCidrs, expiresAt))

struct KeyChangeBody {
  std::optional<std::string> name;
  std::optional<std::vector<std::string>> scopes;
  std::optional<std::vector<std::string>> allowedCidrs;
  std::optional<std::string> expiresAt;  // null: never
};
BOOST_DESCRIBE_STRUCT(KeyChangeBody, (), (name, scopes, allowedCidrs, expiresAt))

struct RotateBody {
  std::optional<std::int64_t> overlapSeconds;
};
BOOST_DESCRIBE_STRUCT(RotateBody, (), (overlapSeconds))

Result<std::optional<std::int64_t>> read_time(const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  const auto time = parse_rfc3339(*text);
  if (!time)
    return std::unexpected(
        Error{ErrorCode::invalid_argument, "expiresAt is a time as in \"2027-01-31T00:00:00Z\".", {}, "/expiresAt"});
  return time;
}

Result<auth::KeyWish> wish_of(const KeyBody& body) {
  auth::KeyWish wish{.name = body.name,
                     .scopes = body.scopes.value_or(std::vector<std::string>()),
                     .allowed_cidrs = body.allowedCidrs.value_or(std::vector<std::string>()),
                     .expires_at = VF_TRY(read_time(body.expiresAt))};
  if (!body.role) return wish;
  wish.role = auth::role_from(*body.role);
  if (!wish.role)
    return std::unexpected(Error{ErrorCode::invalid_argument, "role is viewer, user or admin.", {}, "/role"});
  return wish;
}

Response shown_once(int status, const auth::NewKey& made) {
  auto out = json_response(status, new_key_view(made));
  out.headers.set("Cache-Control", "no-store");
  return out;
}

Response create(AccountsContext& context, const Call& call) {
  auto body = read_body<KeyBody>(call);
  if (!body) return std::move(body).error();
  const auto wish = wish_of(*body);
  if (!wish) return problem(call.request, wish.error());
  const auto made = context.keys.create(call.who, *wish);
  if (!made) return problem(call.request, made.error());
  context.audit.record(call.who, call.request.peer, {"key.create", "key " + made->key.id});
  auto out = shown_once(201, *made);
  out.headers.set("Location", "/api/keys/" + made->key.id);
  return out;
}

Response list(AccountsContext& context, const Call& call) {
  auto page = page_of(call.request);
  if (!page) return std::move(page).error();
  const auto keys = context.keys.list(call.who.user, page->cursor, page->limit + 1);
  if (!keys) return problem(call.request, keys.error());
  json::array items;
  for (const auto& key : *keys) items.push_back(key_view(key));
  return page_response(std::move(items), *page);
}

Response get(AccountsContext& context, const Call& call) {
  const auto key = context.keys.find(call.who.user, call.param("id"));
  return key ? json_response(200, key_view(*key)) : problem(call.request, key.error());
}

Result<auth::KeyChange> change_of(const Call& call, const KeyChangeBody& body) {
  auth::KeyChange change{body.name, body.scopes, body.allowedCidrs, std::nullopt};
  // Absent is not null: null takes the end away.
  const auto document = VF_TRY(parse_json(call.body));
  if (document.get_object().contains("expiresAt")) change.expires_at = VF_TRY(read_time(body.expiresAt));
  return change;
}

Response update(AccountsContext& context, const Call& call) {
  auto body = read_body<KeyChangeBody>(call);
  if (!body) return std::move(body).error();
  const auto change = change_of(call, *body);
  if (!change) return problem(call.request, change.error());
  const auto key = context.keys.change(call.who, call.param("id"), *change);
  if (!key) return problem(call.request, key.error());
  context.audit.record(call.who, call.request.peer, {"key.change", "key " + key->id});
  return json_response(200, key_view(*key));
}

Response rotate(AccountsContext& context, const Call& call) {
  RotateBody body;
  if (!call.body.empty()) {
    auto read = read_body<RotateBody>(call);
    if (!read) return std::move(read).error();
    body = *read;
  }
  std::optional<std::int64_t> overlap;
  // Beyond a year the product could overflow; the limit is far below either.
  if (body.overlapSeconds) overlap = std::clamp<std::int64_t>(*body.overlapSeconds, -1, 366 * 86400) * auth::kSecond;
  const auto made = context.keys.rotate(call.who, call.param("id"), overlap);
  if (!made) return problem(call.request, made.error());
  context.audit.record(call.who, call.request.peer, {"key.rotate", "key " + made->key.id});
  return shown_once(200, *made);
}

Response revoke(AccountsContext& context, const Call& call) {
  const auto& id = call.param("id");
  const auto revoked = context.keys.revoke(call.who, id);
  if (!revoked) return problem(call.request, revoked.error());
  context.audit.record(call.who, call.request.peer, {"key.revoke", "key " + id});
  return no_content();
}

}  // namespace

std::vector<Endpoint> key_endpoints(AccountsContext& context) {
  using auth::Permission;
  const auto row = [&](std::string method, std::string path, Permission permission, AccountsHandler handler) {
    return accounts_endpoint(context, std::move(method), std::move(path), permission, RateClass::api, handler);
  };
  return {row("GET", "/api/keys", Permission::read_keys, list),
          row("POST", "/api/keys", Permission::write_keys, create),
          row("GET", "/api/keys/{id}", Permission::read_keys, get),
          row("PATCH", "/api/keys/{id}", Permission::write_keys, update),
          row("DELETE", "/api/keys/{id}", Permission::write_keys, revoke),
          row("POST", "/api/keys/{id}/rotate", Permission::write_keys, rotate)};
}

}  // namespace vf::http
