#include "app/platform/single_sign_on.h"

#include "net/call.h"

namespace vf::app {

Result<std::vector<auth::OidcProvider>> identity_providers(const Config& config) {
  auth::OidcProvider provider;
  provider.issuer = config.text("auth.oidc_issuer");
  if (provider.issuer.empty()) return std::vector<auth::OidcProvider>{};
  provider.name = config.text("auth.oidc_name");
  provider.title = config.text("auth.oidc_title");
  provider.client_id = config.text("auth.oidc_client_id");
  provider.client_secret = config.text("auth.oidc_client_secret");
  if (provider.client_id.empty())
    return fail(ErrorCode::invalid_argument, "auth.oidc_issuer needs auth.oidc_client_id, the name it gave us.");
  provider.role_claim = config.text("auth.oidc_role_claim");
  for (const auto& value : config.list("auth.oidc_user_roles")) provider.roles[value] = auth::Role::user;
  for (const auto& value : config.list("auth.oidc_admin_roles")) provider.roles[value] = auth::Role::admin;
  provider.default_role = auth::role_from(config.text("auth.oidc_default_role"));  // "none" is no role
  provider.create_accounts = config.flag("auth.oidc_create_accounts");
  provider.api_audience = config.text("auth.oidc_api_audience");
  provider.api_claim = config.text("auth.oidc_api_claim");
  return std::vector{std::move(provider)};
}

auth::HttpCall ask_over_network() {
  return [](const auth::HttpAsk& ask) -> Result<auth::HttpSaid> {
    auto said = VF_TRY(net::call({ask.method, ask.url, ask.headers, ask.body}));
    return auth::HttpSaid{said.status, std::move(said.body)};
  };
}

}  // namespace vf::app
