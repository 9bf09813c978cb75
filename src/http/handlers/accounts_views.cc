#include "http/handlers/accounts_views.h"

#include "base/rfc3339.h"

namespace vf::http {
namespace {

json::value text_or_null(const std::optional<std::string>& text) {
  return text ? json::value(*text) : json::value(nullptr);
}

}  // namespace

json::value time_or_null(const std::optional<std::int64_t>& milliseconds) {
  return milliseconds ? json::value(format_rfc3339(*milliseconds)) : json::value(nullptr);
}

json::array texts(const std::vector<std::string>& list) { return json::array(list.begin(), list.end()); }

json::object user_view(const store::User& user) {
  return {{"id", user.id},
          {"username", user.name},
          {"email", text_or_null(user.email)},
          {"role", user.role},
          {"disabled", user.disabled},
          {"secondFactor", user.totp_active},
          {"passkeyRequired", user.passkey_required},
          {"createdAt", format_rfc3339(user.created_at)},
          {"lastSignInAt", time_or_null(user.signed_in_at)}};
}

json::object key_view(const store::ApiKey& key) {
  return {{"id", key.id},
          {"name", key.name},
          {"prefix", "vf_" + key.prefix},
          {"role", key.role},
          {"scopes", texts(key.scopes)},
          {"allowedCidrs", texts(key.allowed_cidrs)},
          {"createdAt", format_rfc3339(key.created_at)},
          {"expiresAt", time_or_null(key.expires_at)},
          {"lastUsedAt", time_or_null(key.used_at)},
          {"lastUsedFrom", text_or_null(key.used_from)},
          {"previousSecretUntil", time_or_null(key.previous_until)}};
}

json::object new_key_view(const auth::NewKey& made) {
  auto view = key_view(made.key);
  view["key"] = made.text;
  return view;
}

json::object session_view(const store::Session& session, const std::string& current) {
  return {{"id", session.id},
          {"device", session.device},
          {"address", session.address},
          {"browser", session.browser},
          {"createdAt", format_rfc3339(session.created_at)},
          {"lastUsedAt", format_rfc3339(session.used_at)},
          {"expiresAt", format_rfc3339(session.expires_at)},
          {"current", session.id == current}};
}

json::object audit_view(const store::AuditEntry& entry) {
  return {{"sequence", entry.sequence}, {"at", format_rfc3339(entry.at)},
          {"actor", entry.actor},       {"actorName", entry.actor_name},
          {"via", entry.via},           {"action", entry.action},
          {"target", entry.target},     {"address", entry.address},
          {"outcome", entry.outcome},   {"detail", entry.detail},
          {"hash", entry.hash}};
}

json::object invitation_view(const store::Ticket& ticket) {
  return {{"id", ticket.id},
          {"role", ticket.role},
          {"note", ticket.note},
          {"createdAt", format_rfc3339(ticket.created_at)},
          {"expiresAt", format_rfc3339(ticket.expires_at)}};
}

json::object passkey_view(const store::Passkey& key) {
  return {{"id", key.id},
          {"name", key.name},
          {"createdAt", format_rfc3339(key.created_at)},
          {"lastUsedAt", time_or_null(key.used_at)}};
}

}  // namespace vf::http
