#include "auth/webauthn.h"

#include <algorithm>
#include <map>

#include <openssl/bn.h>
#include <openssl/ecdsa.h>

#include "auth/crypto.h"
#include "auth/jwt.h"

namespace vf::auth {
namespace {

constexpr unsigned char kPresent = 0x01, kVerified = 0x04, kHasCredential = 0x40;
constexpr std::size_t kHashBytes = 32, kHeadBytes = kHashBytes + 1 + 4, kAaguidBytes = 16;
constexpr std::size_t kMostIdBytes = 1023;  // 6.5.1

std::unexpected<Error> refuse(std::string_view why) {
  return fail(ErrorCode::invalid_argument, "The passkey's answer is not valid; try again.", std::string(why));
}

// The front of what is left to read.
struct Bytes {
  std::string_view rest;

  Result<std::string_view> take(std::size_t count) {
    if (rest.size() < count) return refuse("cut off");
    const auto out = rest.substr(0, count);
    rest.remove_prefix(count);
    return out;
  }
  Result<std::uint64_t> number(std::size_t bytes) {
    std::uint64_t value = 0;
    for (const unsigned char c : VF_TRY(take(bytes))) value = value << 8 | c;
    return value;
  }
};

// CBOR (RFC 8949) as far as a COSE key goes: a map of whole numbers to whole numbers and byte strings.
struct CborHead {
  int major = 0;
  std::uint64_t value = 0;
};

Result<CborHead> read_head(Bytes& bytes) {
  const auto first = VF_TRY(bytes.number(1));
  CborHead head{static_cast<int>(first >> 5), first & 31};
  if (head.value >= 24 && head.value <= 27)
    head.value = VF_TRY(bytes.number(std::size_t{1} << (head.value - 24)));
  else if (head.value > 27)
    return refuse("CBOR");
  return head;
}

Result<std::int64_t> whole(const CborHead& head) {
  if (head.major > 1 || head.value > 0xffffffff) return refuse("CBOR number");
  const auto value = static_cast<std::int64_t>(head.value);
  return head.major == 0 ? value : -1 - value;
}

struct CoseKey {
  std::map<std::int64_t, std::int64_t> numbers;
  std::map<std::int64_t, std::string> texts;
};

Result<CoseKey> read_cose_key(Bytes& bytes) {
  const auto map = VF_TRY(read_head(bytes));
  if (map.major != 5 || map.value > 16) return refuse("COSE key");
  CoseKey key;
  for (std::uint64_t i = 0; i < map.value; ++i) {
    const auto label = VF_TRY(whole(VF_TRY(read_head(bytes))));
    const auto value = VF_TRY(read_head(bytes));
    if (value.major == 2)
      key.texts[label] = VF_TRY(bytes.take(value.value));
    else
      key.numbers[label] = VF_TRY(whole(value));
  }
  return key;
}

// RFC 9053: kty 1 (OKP), 2 (EC2), 3 (RSA); alg -8 (EdDSA), -7 (ES256), -257 (RS256); the curve at -1.
Result<json::object> jwk_of(CoseKey key) {
  const auto type = key.numbers[1], algorithm = key.numbers[3], curve = key.numbers[-1];
  if (type == 1 && algorithm == -8 && curve == 6)
    return json::object{{"kty", "OKP"}, {"crv", "Ed25519"}, {"x", base64url(key.texts[-2])}};
  if (type == 2 && algorithm == -7 && curve == 1)
    return json::object{
        {"kty", "EC"}, {"crv", "P-256"}, {"x", base64url(key.texts[-2])}, {"y", base64url(key.texts[-3])}};
  if (type == 3 && algorithm == -257)
    return json::object{{"kty", "RSA"}, {"n", base64url(key.texts[-1])}, {"e", base64url(key.texts[-2])}};
  return refuse("a kind of key that was not offered");
}

struct AuthenticatorData {
  unsigned char flags = 0;
  std::int64_t sign_count = 0;
  Bytes rest;
};

Result<AuthenticatorData> check_authenticator_data(std::string_view text, const CeremonyRules& rules) {
  Bytes bytes{text};
  if (text.size() < kHeadBytes) return refuse("authenticator data");
  if (VF_TRY(bytes.take(kHashBytes)) != sha256(rules.rp_id)) return refuse("relying party");
  AuthenticatorData data;
  data.flags = static_cast<unsigned char>(VF_TRY(bytes.number(1)));
  data.sign_count = static_cast<std::int64_t>(VF_TRY(bytes.number(4)));
  data.rest = bytes;
  if (!(data.flags & kPresent)) return refuse("nobody was there");
  if (!(data.flags & kVerified)) return refuse("the user was not verified");
  return data;
}

Result<void> check_client_data(std::string_view text, std::string_view type, const CeremonyRules& rules) {
  const auto parsed = parse_json(text);
  if (!parsed || !parsed->is_object()) return refuse("client data");
  const auto& data = parsed->get_object();
  const auto member = [&](std::string_view name) {
    const auto* found = data.if_contains(name);
    return found && found->is_string() ? std::string(found->get_string()) : std::string();
  };
  if (member("type") != type) return refuse("type");
  if (!same_secret(member("challenge"), rules.challenge)) return refuse("challenge");
  if (std::ranges::find(rules.origins, member("origin")) == rules.origins.end()) return refuse("origin");
  const auto* framed = data.if_contains("crossOrigin");
  if (framed && framed->is_bool() && framed->get_bool()) return refuse("inside another site's frame");
  return {};
}

// WebAuthn writes ECDSA signatures as DER (6.5.5), JOSE as two numbers.
std::string jose_signature(std::string_view der) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  ECDSA_SIG* parsed = d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size()));
  if (!parsed) return {};
  std::string out(64, '\0');
  auto* bytes = reinterpret_cast<unsigned char*>(out.data());
  const bool fits = BN_bn2binpad(ECDSA_SIG_get0_r(parsed), bytes, 32) == 32 &&
                    BN_bn2binpad(ECDSA_SIG_get0_s(parsed), bytes + 32, 32) == 32;
  ECDSA_SIG_free(parsed);
  return fits ? out : std::string();
}

std::unexpected<Error> missing(std::string_view name) {
  return std::unexpected(Error{ErrorCode::invalid_argument, "Send what the browser gave: PublicKeyCredential.toJSON().",
                               std::string(name), "/credential/" + std::string(name)});
}

}  // namespace

Result<AuthenticatorAnswer> read_authenticator_answer(const json::object& credential, bool assertion) {
  const auto* response = credential.if_contains("response");
  if (!response || !response->is_object()) return missing("response");
  const auto* id = credential.if_contains("id");
  if (!id || !id->is_string() || !from_base64url(std::string_view(id->get_string()))) return missing("id");
  AuthenticatorAnswer answer{.id = std::string(id->get_string())};
  const auto decode = [&](std::string_view name, std::string& into) {
    const auto* member = response->get_object().if_contains(name);
    auto bytes = member && member->is_string() ? from_base64url(std::string_view(member->get_string())) : std::nullopt;
    if (bytes) into = std::move(*bytes);
    return bytes.has_value();
  };
  if (!decode("clientDataJSON", answer.client_data)) return missing("response/clientDataJSON");
  if (!decode("authenticatorData", answer.authenticator_data)) return missing("response/authenticatorData");
  if (assertion && !decode("signature", answer.signature)) return missing("response/signature");
  return answer;
}

Result<NewPasskey> verify_registration(const AuthenticatorAnswer& answer, const CeremonyRules& rules) {
  VF_CHECK(check_client_data(answer.client_data, "webauthn.create", rules));
  auto data = VF_TRY(check_authenticator_data(answer.authenticator_data, rules));
  if (!(data.flags & kHasCredential)) return refuse("no credential");
  VF_TRY(data.rest.take(kAaguidBytes));
  const auto size = VF_TRY(data.rest.number(2));
  if (size == 0 || size > kMostIdBytes) return refuse("credential id");
  const auto id = base64url(VF_TRY(data.rest.take(size)));
  if (id != answer.id) return refuse("another credential");
  auto key = VF_TRY(jwk_of(VF_TRY(read_cose_key(data.rest))));
  VF_TRY(VerifyKey::from_jwk(key));
  return NewPasskey{id, std::move(key), data.sign_count};
}

Result<std::int64_t> verify_assertion(const AuthenticatorAnswer& answer, const CeremonyRules& rules,
                                      const json::object& public_key, std::int64_t sign_count) {
  VF_CHECK(check_client_data(answer.client_data, "webauthn.get", rules));
  const auto data = VF_TRY(check_authenticator_data(answer.authenticator_data, rules));
  const auto key = VF_TRY(VerifyKey::from_jwk(public_key));
  const auto signature = key.algorithm() == JwtAlgorithm::es256 ? jose_signature(answer.signature) : answer.signature;
  if (!key.verify(answer.authenticator_data + sha256(answer.client_data), signature)) return refuse("signature");
  if ((sign_count > 0 || data.sign_count > 0) && data.sign_count <= sign_count) return refuse("sign count");
  return data.sign_count;
}

}  // namespace vf::auth
