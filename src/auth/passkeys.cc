#include "auth/passkeys.h"

#include <fmt/format.h>

#include "auth/crypto.h"

namespace vf::auth {
namespace {

constexpr std::int64_t kChallengeLife = 5 * kMinute;
constexpr std::int64_t kMost = 20;  // of one account
constexpr std::size_t kLongestName = 100;

std::unexpected<Error> refuse(std::string_view why) {
  return fail(ErrorCode::invalid_argument, "This passkey does not open an account here.", std::string(why));
}

}  // namespace

std::string Passkeys::new_challenge(const std::string& user) {
  auto challenge = random_token();
  const std::scoped_lock lock(mutex_);
  challenges_.put(challenge, {user, clock_() + kChallengeLife});
  return challenge;
}

Result<std::string> Passkeys::take_challenge(const AuthenticatorAnswer& answer, const std::string& user) {
  const auto parsed = parse_json(answer.client_data);
  const auto* object = parsed ? parsed->if_object() : nullptr;
  const auto* member = object ? object->if_contains("challenge") : nullptr;
  if (!member || !member->is_string()) return refuse("client data");
  std::string challenge(member->get_string());
  const std::scoped_lock lock(mutex_);
  const auto* known = challenges_.find(challenge);
  const bool good = known && known->user == user && known->ends > clock_();
  challenges_.erase(challenge);
  if (!good)
    return fail(ErrorCode::invalid_argument, "This took too long or was answered before; begin again.", "challenge");
  return challenge;
}

Result<json::object> Passkeys::creation_options(const store::User& user, const RelyingParty& us) {
  json::array known;
  for (const auto& key : VF_TRY(store_.list(user.id))) known.push_back({{"type", "public-key"}, {"id", key.id}});
  const auto kind = [](int algorithm) { return json::object{{"type", "public-key"}, {"alg", algorithm}}; };
  return json::object{{"challenge", new_challenge(user.id)},
                      {"rp", {{"id", us.id}, {"name", title_}}},
                      {"user", {{"id", base64url(user.id)}, {"name", user.name}, {"displayName", user.name}}},
                      {"pubKeyCredParams", json::array{kind(-8), kind(-7), kind(-257)}},
                      {"timeout", kChallengeLife},
                      {"excludeCredentials", std::move(known)},
                      {"authenticatorSelection",
                       {{"residentKey", "required"}, {"requireResidentKey", true}, {"userVerification", "required"}}},
                      {"attestation", "none"}};
}

Result<store::Passkey> Passkeys::add(const store::User& user, const std::string& name, const json::object& credential,
                                     const RelyingParty& us) {
  if (name.empty() || name.size() > kLongestName)
    return std::unexpected(Error{
        ErrorCode::invalid_argument, fmt::format("A passkey's name has 1 to {} bytes.", kLongestName), {}, "/name"});
  const auto answer = VF_TRY(read_authenticator_answer(credential, false));
  const CeremonyRules rules{VF_TRY(take_challenge(answer, user.id)), us.id, us.origins};
  const auto made = VF_TRY(verify_registration(answer, rules));
  store::Passkey key{.id = made.id,
                     .user = user.id,
                     .name = name,
                     .public_key = dump(made.public_key),
                     .sign_count = made.sign_count,
                     .created_at = clock_()};
  VF_CHECK(store_.add(key, kMost));
  return key;
}

json::object Passkeys::request_options(const RelyingParty& us) {
  return {{"challenge", new_challenge("")},
          {"rpId", us.id},
          {"timeout", kChallengeLife},
          {"userVerification", "required"},
          {"allowCredentials", json::array()}};
}

Result<json::object> Passkeys::second_factor_options(const store::User& user, const RelyingParty& us) {
  json::array own;
  for (const auto& key : VF_TRY(store_.list(user.id))) own.push_back({{"type", "public-key"}, {"id", key.id}});
  auto options = request_options(us);
  options["challenge"] = new_challenge("second " + user.id);
  options["allowCredentials"] = std::move(own);
  return options;
}

Result<store::Passkey> Passkeys::answered(const json::object& credential, const std::string& challenge_of,
                                          const RelyingParty& us) {
  const auto answer = VF_TRY(read_authenticator_answer(credential, true));
  const CeremonyRules rules{VF_TRY(take_challenge(answer, challenge_of)), us.id, us.origins};
  auto key = VF_TRY(store_.find(answer.id));
  if (!key) return refuse("unknown");
  const auto public_key = VF_TRY(parse_json(key->public_key));
  const auto count = verify_assertion(answer, rules, public_key.get_object(), key->sign_count);
  if (!count) return refuse(count.error().detail);
  if (!VF_TRY(store_.used(key->id, key->sign_count, *count, clock_()))) return refuse("sign count");
  return std::move(*key);
}

Result<store::User> Passkeys::sign_in(const json::object& credential, const RelyingParty& us) {
  const auto key = VF_TRY(answered(credential, "", us));
  auto user = VF_TRY(users_.find(key.user));
  if (!user || user->disabled) return refuse("disabled");
  return std::move(*user);
}

Result<bool> Passkeys::confirm(const store::User& user, const json::object& credential, const RelyingParty& us) {
  const auto key = answered(credential, "second " + user.id, us);
  if (!key && key.error().code != ErrorCode::invalid_argument) return std::unexpected(key.error());
  return key && key->user == user.id;
}

}  // namespace vf::auth
