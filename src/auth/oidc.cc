#include "auth/oidc.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "auth/crypto.h"

namespace vf::auth {
namespace {

constexpr std::int64_t kPendingLife = 10 * kMinute;
constexpr std::int64_t kKeep = kHour;
constexpr std::int64_t kLookAgainEvery = 30 * kSecond;

std::string text_of(const json::object& object, std::string_view name) {
  const auto* member = object.if_contains(name);
  return member && member->is_string() ? std::string(member->get_string()) : std::string();
}

std::string encoded(std::string_view text) {
  std::string out;
  for (const unsigned char c : text)
    if (std::isalnum(c) || c == '-' || c == '.' || c == '_' || c == '~')
      out += static_cast<char>(c);
    else
      out += fmt::format("%{:02X}", c);
  return out;
}

std::string form(const std::vector<std::pair<std::string, std::string>>& fields) {
  std::string out;
  for (const auto& [name, value] : fields) out += fmt::format("{}{}={}", out.empty() ? "" : "&", name, encoded(value));
  return out;
}

std::string base64(std::string_view bytes) {
  auto text = base64url(bytes);
  std::ranges::replace(text, '-', '+');
  std::ranges::replace(text, '_', '/');
  text.append((4 - text.size() % 4) % 4, '=');
  return text;
}

std::unexpected<Error> refuse(std::string_view why) {
  return fail(ErrorCode::invalid_argument, "The identity provider's answer is not valid; sign in again.",
              std::string(why));
}

// "realm_access.roles" goes into objects; a provider may also use a name with dots or a URL as the claim.
const json::value* find_claim(const json::object& claims, std::string_view path) {
  if (const auto* whole = claims.if_contains(path)) return whole;
  const auto dot = path.find('.');
  if (dot == std::string_view::npos) return nullptr;
  const auto* inner = claims.if_contains(path.substr(0, dot));
  return inner && inner->is_object() ? find_claim(inner->get_object(), path.substr(dot + 1)) : nullptr;
}

std::vector<std::string> values_of(const json::value* claim) {
  std::vector<std::string> values;
  if (claim && claim->is_string()) values.emplace_back(claim->get_string());
  if (claim && claim->is_array())
    for (const auto& item : claim->get_array())
      if (item.is_string()) values.emplace_back(item.get_string());
  return values;
}

}  // namespace

Result<json::object> OidcClient::get_json(const std::string& url) {
  const auto said = VF_TRY(call_({.method = "GET", .url = url, .headers = {{"Accept", "application/json"}}}));
  if (said.status != 200)
    return fail(ErrorCode::unavailable,
                fmt::format("The identity provider '{}' is not available; try again later.", provider_.name),
                fmt::format("{}: status {}", url, said.status));
  auto parsed = parse_json(said.body);
  if (!parsed || !parsed->is_object()) return refuse("not a JSON object");
  return std::move(parsed->get_object());
}

// The issuer of the document is the one that was asked (Discovery 4.3).
Result<OidcClient::Discovery> OidcClient::discover() {
  {
    const std::scoped_lock lock(mutex_);
    if (discovery_ && clock_() < discovered_at_ + kKeep) return *discovery_;
  }
  auto base = provider_.issuer;
  if (base.ends_with('/')) base.pop_back();
  const auto document = VF_TRY(get_json(base + "/.well-known/openid-configuration"));
  if (text_of(document, "issuer") != provider_.issuer)
    return fail(ErrorCode::unavailable, "The identity provider calls itself otherwise than it is configured here.",
                text_of(document, "issuer"));
  const Discovery found{text_of(document, "authorization_endpoint"), text_of(document, "token_endpoint"),
                        text_of(document, "jwks_uri")};
  if (found.authorization.empty() || found.token.empty() || found.jwks.empty()) return refuse("endpoints are missing");
  const std::scoped_lock lock(mutex_);
  discovery_ = found;
  discovered_at_ = clock_();
  return found;
}

Result<std::vector<VerifyKey>> OidcClient::keys(const std::string& key_id) {
  const auto now = clock_();
  {
    const std::scoped_lock lock(mutex_);
    const bool known =
        std::ranges::any_of(keys_, [&](const VerifyKey& key) { return key_id.empty() || key.id() == key_id; });
    const auto age = now - keys_at_;
    if (!keys_.empty() && age >= 0 && age < (known ? kKeep : kLookAgainEvery)) return keys_;
  }
  const auto document = VF_TRY(get_json(VF_TRY(discover()).jwks));
  auto fetched = VF_TRY(verify_keys_from_jwks(dump(document)));
  const std::scoped_lock lock(mutex_);
  keys_ = std::move(fetched);
  keys_at_ = now;
  return keys_;
}

Result<OidcClient::Departure> OidcClient::depart(const std::string& redirect_uri, const std::string& return_to,
                                                 const std::string& link) {
  const auto found = VF_TRY(discover());
  OidcPending pending{provider_.name, random_token(), random_token(), random_token(),
                      redirect_uri,   return_to,      link,           clock_() + kPendingLife};
  std::string scopes;
  for (const auto& scope : provider_.scopes) scopes += (scopes.empty() ? "" : " ") + scope;
  const auto query = form({{"response_type", "code"},
                           {"client_id", provider_.client_id},
                           {"redirect_uri", redirect_uri},
                           {"scope", scopes},
                           {"state", pending.state},
                           {"nonce", pending.nonce},
                           {"code_challenge", base64url(sha256(pending.verifier))},
                           {"code_challenge_method", "S256"}});
  auto url =
      fmt::format("{}{}{}", found.authorization, found.authorization.find('?') == std::string::npos ? '?' : '&', query);
  return Departure{std::move(pending), std::move(url)};
}

// client_secret_basic (RFC 6749 2.3.1: both halves form-encoded first), or a public client by its id alone.
Result<json::object> OidcClient::redeem(const std::string& code, const OidcPending& pending) {
  std::vector<std::pair<std::string, std::string>> fields{{"grant_type", "authorization_code"},
                                                          {"code", code},
                                                          {"redirect_uri", pending.redirect_uri},
                                                          {"code_verifier", pending.verifier}};
  HttpAsk ask{.method = "POST",
              .url = VF_TRY(discover()).token,
              .headers = {{"Content-Type", "application/x-www-form-urlencoded"}, {"Accept", "application/json"}}};
  if (provider_.client_secret.empty())
    fields.emplace_back("client_id", provider_.client_id);
  else
    ask.headers.emplace_back("Authorization",
                             "Basic " + base64(encoded(provider_.client_id) + ":" + encoded(provider_.client_secret)));
  ask.body = form(fields);
  const auto said = VF_TRY(call_(ask));
  auto parsed = parse_json(said.body);
  if (said.status != 200 || !parsed || !parsed->is_object())
    return refuse(fmt::format("token endpoint: status {}", said.status));
  return std::move(parsed->get_object());
}

Result<json::object> OidcClient::verify(std::string_view token, const JwtRules& rules) {
  const auto key_id = jwt_key_id(token);
  if (!key_id) return refuse("not a token");
  return verify_jwt(token, VF_TRY(keys(*key_id)), rules, clock_() / 1000);
}

Result<Identity> OidcClient::arrive(const std::string& code, const OidcPending& pending) {
  const auto answer = VF_TRY(redeem(code, pending));
  const auto claims =
      VF_TRY(verify(text_of(answer, "id_token"), {.issuer = provider_.issuer, .audience = provider_.client_id}));
  if (!same_secret(text_of(claims, "nonce"), pending.nonce)) return refuse("nonce");
  // A token for several audiences was made for the one it names as authorized (Core 3.1.3.7).
  if (claims.contains("azp") && text_of(claims, "azp") != provider_.client_id) return refuse("azp");
  auto who = identity(claims);
  if (who.subject.empty()) return refuse("sub");
  return who;
}

Result<Identity> OidcClient::bearer(std::string_view token) {
  if (provider_.api_audience.empty()) return refuse("access tokens of this issuer are not taken");
  const auto claims = VF_TRY(verify(
      token, {.issuer = provider_.issuer, .audience = provider_.api_audience, .audience_claim = provider_.api_claim}));
  // An ID token says who signed in, not that its holder may act.
  const auto use = text_of(claims, "token_use"), type = text_of(claims, "typ");
  if (use == "id" || type == "ID" || claims.contains("nonce")) return refuse("an ID token");
  auto who = identity(claims);
  if (who.subject.empty()) return refuse("sub");
  return who;
}

Identity OidcClient::identity(const json::object& claims) const {
  Identity who{.issuer = provider_.issuer, .subject = text_of(claims, "sub"), .email = text_of(claims, "email")};
  for (const auto* name : {"preferred_username", "username", "cognito:username", "nickname"})
    if (who.name.empty()) who.name = text_of(claims, name);
  if (who.name.empty()) who.name = who.email.substr(0, who.email.find('@'));
  who.rules_role = !provider_.role_claim.empty();
  for (const auto& value :
       who.rules_role ? values_of(find_claim(claims, provider_.role_claim)) : std::vector<std::string>())
    if (const auto known = provider_.roles.find(value); known != provider_.roles.end())
      who.role = std::max(who.role.value_or(Role::viewer), known->second);
  if (!who.role) who.role = provider_.default_role;
  return who;
}

}  // namespace vf::auth
