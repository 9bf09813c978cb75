#include "auth/server_keys.h"

#include <algorithm>

#include <fmt/format.h>

#include "auth/crypto.h"

namespace vf::auth {
namespace {

constexpr std::string_view kSigning = "signing/";
constexpr std::string_view kRoot = "root";
constexpr std::size_t kKeyBytes = 32;
constexpr std::int64_t kReloadEvery = 5 * kSecond;
constexpr std::int64_t kSkew = kMinute;

std::string context(std::string_view name) { return sealing_context(store::Sealed::Kind::server_secret, name); }

}  // namespace

std::string sealing_context(store::Sealed::Kind kind, std::string_view owner) {
  return fmt::format("{} {}", kind == store::Sealed::Kind::totp ? "totp of" : "server secret", owner);
}

Result<std::unique_ptr<ServerKeys>> ServerKeys::create(store::SecretStore& store, SecretBox box, Clock clock,
                                                       const SigningRules& rules) {
  std::unique_ptr<ServerKeys> keys(new ServerKeys(store, std::move(box), std::move(clock), rules));
  keys->root_ = VF_TRY(keys->make(std::string(kRoot)));
  VF_CHECK(keys->load());
  if (keys->signing_.empty()) VF_CHECK(keys->rotate_signing_key());
  VF_CHECK(keys->tend());
  return keys;
}

Result<std::string> ServerKeys::make(const std::string& name) {
  const store::Secret mine{name, box_.seal(random_bytes(kKeyBytes), context(name)), clock_()};
  return box_.unseal(VF_TRY(store_.put_if_absent(mine)).sealed, context(name));
}

std::string ServerKeys::derive(std::string_view purpose) const { return hmac_sha256(root_, purpose); }

Result<std::optional<std::string>> ServerKeys::derived(store::SecretStore& store, const SecretBox& box,
                                                       std::string_view purpose) {
  for (const auto& secret : VF_TRY(store.list(std::string(kRoot))))
    if (secret.name == kRoot) return hmac_sha256(VF_TRY(box.unseal(secret.sealed, context(kRoot))), purpose);
  return std::nullopt;
}

Result<void> ServerKeys::load() {
  std::vector<Made> loaded;
  for (const auto& secret : VF_TRY(store_.list(std::string(kSigning)))) {
    const auto seed = VF_TRY(box_.unseal(secret.sealed, context(secret.name)));
    loaded.push_back({VF_TRY(SigningKey::from_seed(secret.name.substr(kSigning.size()), seed)), secret.created_at});
  }
  const std::scoped_lock lock(mutex_);
  signing_ = std::move(loaded);
  loaded_at_ = clock_();
  return {};
}

SigningKey ServerKeys::signing_key() {
  const std::scoped_lock lock(mutex_);
  return signing_.back().key;
}

std::vector<VerifyKey> ServerKeys::verify_keys(std::string_view key_id) {
  const auto now = clock_();
  bool ask_again = false;
  {
    const std::scoped_lock lock(mutex_);
    const bool known = std::ranges::any_of(signing_, [&](const Made& made) { return made.key.id() == key_id; });
    ask_again = !known && (now >= loaded_at_ + kReloadEvery || now < loaded_at_);
  }
  if (ask_again) static_cast<void>(load());  // a database that is away changes nothing
  const std::scoped_lock lock(mutex_);
  std::vector<VerifyKey> keys;
  for (const auto& made : signing_)
    if (auto key = VerifyKey::from_jwk(made.key.jwk())) keys.push_back(std::move(*key));
  return keys;
}

json::object ServerKeys::jwks() {
  const std::scoped_lock lock(mutex_);
  json::array keys;
  for (auto made = signing_.rbegin(); made != signing_.rend(); ++made) keys.push_back(made->key.jwk());
  return {{"keys", std::move(keys)}};
}

Result<void> ServerKeys::rotate_signing_key() {
  VF_TRY(make(fmt::format("{}{}", kSigning, random_name(12))));
  return load();
}

Result<void> ServerKeys::tend() {
  VF_CHECK(load());
  const auto now = clock_();
  std::vector<std::string> over;
  bool is_old = false;
  {
    const std::scoped_lock lock(mutex_);
    is_old = now >= signing_.back().created_at + rules_.rotate_after;
    // A key signed its last token when the next one was made.
    for (std::size_t i = 0; i + 1 < signing_.size(); ++i)
      if (now >= signing_[i + 1].created_at + rules_.token_life + kReloadEvery + kSkew)
        over.push_back(fmt::format("{}{}", kSigning, signing_[i].key.id()));
  }
  for (const auto& name : over) VF_CHECK(store_.remove(name));
  if (is_old) return rotate_signing_key();
  return over.empty() ? Result<void>{} : load();
}

Result<std::int64_t> ServerKeys::reseal() {
  return store_.reseal([this](const store::Sealed& one) -> Result<std::optional<std::string>> {
    if (box_.is_current(one.text)) return std::nullopt;
    const auto bound = sealing_context(one.kind, one.owner);
    return box_.seal(VF_TRY(box_.unseal(one.text, bound)), bound);
  });
}

}  // namespace vf::auth
