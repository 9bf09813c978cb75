#include "auth/jwt.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "auth/crypto.h"

namespace vf::auth {
namespace {

constexpr std::size_t kLongestToken = 8192;

std::unexpected<Error> refuse(std::string_view why) {
  return fail(ErrorCode::invalid_argument, "The access token is not valid; sign in again.", std::string(why));
}

struct Parts {
  json::object header;
  json::object claims;
  std::string_view signed_text;  // header and claims as they came
  std::string signature;
};

Result<json::object> object_part(std::string_view text) {
  const auto bytes = from_base64url(text);
  if (!bytes) return refuse("not base64url");
  auto parsed = parse_json(*bytes);
  if (!parsed || !parsed->is_object()) return refuse("not a JSON object");
  return std::move(parsed->get_object());
}

Result<Parts> split(std::string_view token) {
  if (token.size() > kLongestToken) return refuse("too long");
  const auto first = token.find('.');
  const auto second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos)
    return refuse("not three parts");
  Parts parts;
  parts.header = VF_TRY(object_part(token.substr(0, first)));
  parts.claims = VF_TRY(object_part(token.substr(first + 1, second - first - 1)));
  parts.signed_text = token.substr(0, second);
  auto signature = from_base64url(token.substr(second + 1));
  if (!signature) return refuse("signature is not base64url");
  parts.signature = std::move(*signature);
  return parts;
}

std::string_view text_of(const json::object& object, std::string_view name) {
  const auto* member = object.if_contains(name);
  return member && member->is_string() ? std::string_view(member->get_string()) : std::string_view();
}

// NumericDate: seconds, perhaps with a fraction (RFC 7519 2).
std::optional<std::int64_t> seconds_of(const json::object& object, std::string_view name) {
  const auto* member = object.if_contains(name);
  if (!member || !member->is_number()) return std::nullopt;
  const auto value = member->to_number<double>();
  if (!(value >= 0 && value < 1e12)) return std::nullopt;
  return static_cast<std::int64_t>(value);
}

// `aud` is a text or a list of texts (RFC 7519 4.1.3).
bool names_audience(const json::object& claims, std::string_view claim, std::string_view audience) {
  const auto* member = claims.if_contains(claim);
  if (!member) return false;
  if (member->is_string()) return member->get_string() == audience;
  if (!member->is_array()) return false;
  for (const auto& item : member->get_array())
    if (item.is_string() && item.get_string() == audience) return true;
  return false;
}

Result<void> check_times(const json::object& claims, const JwtRules& rules, std::int64_t now) {
  const auto expires = seconds_of(claims, "exp");
  if (!expires) return refuse("no exp");
  if (now >= *expires + rules.skew)
    return fail(ErrorCode::invalid_argument, "The access token has expired; refresh it.", "exp");
  const auto issued = seconds_of(claims, "iat");
  if (claims.contains("iat") && (!issued || *issued > now + rules.skew)) return refuse("iat in the future");
  const auto from = seconds_of(claims, "nbf");
  if (claims.contains("nbf") && (!from || *from > now + rules.skew)) return refuse("nbf in the future");
  if (rules.longest > 0 && (!issued || *expires - *issued > rules.longest)) return refuse("lives too long");
  return {};
}

// The key of that name, or the only one of that algorithm where the token names none.
const VerifyKey* choose(const std::vector<VerifyKey>& keys, const json::object& header) {
  const auto id = text_of(header, "kid");
  const auto algorithm = text_of(header, "alg");
  const VerifyKey* chosen = nullptr;
  for (const auto& key : keys) {
    if (to_string(key.algorithm()) != algorithm) continue;
    if (header.contains("kid") ? key.id() == id : true) {
      if (chosen) return nullptr;
      chosen = &key;
    }
  }
  return chosen;
}

// `typ` compares without case, and "application/" may be left out (RFC 7515 4.1.9).
bool is_type(std::string_view given, std::string_view wanted) {
  if (given.starts_with("application/")) given.remove_prefix(std::string_view("application/").size());
  return std::ranges::equal(given, wanted, [](char a, char b) { return std::tolower(a) == std::tolower(b); });
}

}  // namespace

std::string sign_jwt(const SigningKey& key, std::string_view type, const json::object& claims) {
  const json::object header{{"alg", "EdDSA"}, {"typ", json::string(type)}, {"kid", key.id()}};
  const auto text = base64url(dump(header)) + "." + base64url(dump(claims));
  return text + "." + base64url(key.sign(text));
}

std::optional<std::string> jwt_key_id(std::string_view token) {
  const auto parts = split(token);
  if (!parts) return std::nullopt;
  return std::string(text_of(parts->header, "kid"));
}

std::optional<std::string> jwt_issuer(std::string_view token) {
  const auto parts = split(token);
  if (!parts) return std::nullopt;
  return std::string(text_of(parts->claims, "iss"));
}

Result<json::object> verify_jwt(std::string_view token, const std::vector<VerifyKey>& keys, const JwtRules& rules,
                                std::int64_t now_seconds) {
  auto parts = VF_TRY(split(token));
  if (parts.header.contains("crit")) return refuse("critical header");
  const auto* key = choose(keys, parts.header);
  if (!key) return refuse("no such key");
  if (!key->verify(parts.signed_text, parts.signature)) return refuse("signature");
  if (!rules.type.empty() && !is_type(text_of(parts.header, "typ"), rules.type)) return refuse("typ");
  if (text_of(parts.claims, "iss") != rules.issuer) return refuse("iss");
  if (!names_audience(parts.claims, rules.audience_claim, rules.audience)) return refuse("aud");
  VF_CHECK(check_times(parts.claims, rules, now_seconds));
  return std::move(parts.claims);
}

}  // namespace vf::auth
