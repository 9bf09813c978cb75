// Accounts as the API shows them: never a hash, never a sealed secret.
#pragma once

#include "auth/api_keys.h"
#include "auth/sessions.h"
#include "auth/users.h"
#include "base/json.h"
#include "store/audit.h"
#include "store/passkeys.h"

namespace vf::http {

json::object user_view(const store::User& user);
json::object key_view(const store::ApiKey& key);
json::object new_key_view(const auth::NewKey& made);  // with the key itself: shown once
json::object session_view(const store::Session& session, const std::string& current);
json::object audit_view(const store::AuditEntry& entry);
json::object passkey_view(const store::Passkey& key);
json::object invitation_view(const store::Ticket& ticket);

json::value time_or_null(const std::optional<std::int64_t>& milliseconds);
json::array texts(const std::vector<std::string>& list);

}  // namespace vf::http
