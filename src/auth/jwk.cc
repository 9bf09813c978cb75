// The keys: JWK to OpenSSL's EVP_PKEY, and signatures as JOSE writes them.
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <sodium.h>

#include <array>

#include "auth/crypto.h"
#include "auth/jwt.h"

namespace vf::auth {
namespace {

template <auto Free>
struct Deleter {
  template <typename T>
  void operator()(T* pointer) const {
    Free(pointer);
  }
};
using PkeyPtr = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using PkeyContextPtr = std::unique_ptr<EVP_PKEY_CTX, Deleter<EVP_PKEY_CTX_free>>;
using DigestContextPtr = std::unique_ptr<EVP_MD_CTX, Deleter<EVP_MD_CTX_free>>;
using NumberPtr = std::unique_ptr<BIGNUM, Deleter<BN_free>>;
using BuilderPtr = std::unique_ptr<OSSL_PARAM_BLD, Deleter<OSSL_PARAM_BLD_free>>;
using ParamsPtr = std::unique_ptr<OSSL_PARAM, Deleter<OSSL_PARAM_free>>;
using SignaturePtr = std::unique_ptr<ECDSA_SIG, Deleter<ECDSA_SIG_free>>;

constexpr int kLeastRsaBits = 2048;
constexpr int kMostRsaBits = 8192;  // a larger one only burns time
constexpr std::size_t kCoordinate = 32;

const unsigned char* raw(std::string_view bytes) { return reinterpret_cast<const unsigned char*>(bytes.data()); }

NumberPtr number(std::string_view bytes) {
  return NumberPtr(BN_bin2bn(raw(bytes), static_cast<int>(bytes.size()), nullptr));
}

std::unexpected<Error> broken(std::string_view why) {
  return fail(ErrorCode::invalid_argument, "A key of the key set is broken.", std::string(why));
}

std::string text_member(const json::object& jwk, std::string_view name) {
  const auto* member = jwk.if_contains(name);
  return member && member->is_string() ? std::string(member->get_string()) : std::string();
}

Result<std::string> bytes_member(const json::object& jwk, std::string_view name) {
  auto bytes = from_base64url(text_member(jwk, name));
  if (!bytes || bytes->empty()) return broken(std::string(name));
  return std::move(*bytes);
}

Result<PkeyPtr> from_params(const char* kind, OSSL_PARAM_BLD* builder) {
  const ParamsPtr params(OSSL_PARAM_BLD_to_param(builder));
  const PkeyContextPtr context(EVP_PKEY_CTX_new_from_name(nullptr, kind, nullptr));
  EVP_PKEY* key = nullptr;
  if (!params || !context || EVP_PKEY_fromdata_init(context.get()) <= 0 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) <= 0)
    return broken(kind);
  return PkeyPtr(key);
}

Result<PkeyPtr> rsa_key(const json::object& jwk) {
  const auto n = number(VF_TRY(bytes_member(jwk, "n")));
  const auto e = number(VF_TRY(bytes_member(jwk, "e")));
  if (BN_num_bits(n.get()) < kLeastRsaBits || BN_num_bits(n.get()) > kMostRsaBits || BN_num_bits(e.get()) > 33)
    return broken("RSA of another size than 2048 to 8192 bits");
  const BuilderPtr builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get());
  return from_params("RSA", builder.get());
}

Result<PkeyPtr> p256_key(const json::object& jwk) {
  const auto x = VF_TRY(bytes_member(jwk, "x"));
  const auto y = VF_TRY(bytes_member(jwk, "y"));
  if (x.size() != kCoordinate || y.size() != kCoordinate) return broken("P-256 point");
  const std::string point = '\x04' + x + y;
  const BuilderPtr builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0);
  OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size());
  auto key = VF_TRY(from_params("EC", builder.get()));
  const PkeyContextPtr context(EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
  if (!context || EVP_PKEY_public_check(context.get()) <= 0) return broken("a point beside the curve");
  return key;
}

Result<PkeyPtr> ed25519_key(const json::object& jwk) {
  const auto x = VF_TRY(bytes_member(jwk, "x"));
  PkeyPtr key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, raw(x), x.size()));
  if (!key) return broken("Ed25519");
  return key;
}

// JOSE writes r and s one after the other (RFC 7518 3.4); OpenSSL wants them as DER.
std::string der_signature(std::string_view joined) {
  if (joined.size() != 2 * kCoordinate) return {};
  const SignaturePtr signature(ECDSA_SIG_new());
  auto r = number(joined.substr(0, kCoordinate));
  auto s = number(joined.substr(kCoordinate));
  if (ECDSA_SIG_set0(signature.get(), r.get(), s.get()) != 1) return {};
  r.release();
  s.release();
  unsigned char* bytes = nullptr;
  const int size = i2d_ECDSA_SIG(signature.get(), &bytes);
  if (size <= 0) return {};
  std::string der(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
  OPENSSL_free(bytes);
  return der;
}

struct Kind {
  JwtAlgorithm algorithm;
  std::string_view name, type, curve;
  Result<PkeyPtr> (*make)(const json::object&);
  const char* digest;  // nullptr: the algorithm has its own
};

constexpr std::array<Kind, 3> kKinds{{
    {JwtAlgorithm::eddsa, "EdDSA", "OKP", "Ed25519", ed25519_key, nullptr},
    {JwtAlgorithm::es256, "ES256", "EC", "P-256", p256_key, "SHA256"},
    {JwtAlgorithm::rs256, "RS256", "RSA", "", rsa_key, "SHA256"},
}};

}  // namespace

struct VerifyKey::Key {
  PkeyPtr pkey;
};

std::string_view to_string(JwtAlgorithm algorithm) { return kKinds.at(static_cast<std::size_t>(algorithm)).name; }

Result<VerifyKey> VerifyKey::from_jwk(const json::object& jwk) {
  const auto type = text_member(jwk, "kty"), curve = text_member(jwk, "crv"), name = text_member(jwk, "alg");
  const auto use = text_member(jwk, "use");
  for (const auto& kind : kKinds) {
    if (type != kind.type || curve != kind.curve || (!name.empty() && name != kind.name)) continue;
    if (!use.empty() && use != "sig") continue;
    auto key = std::make_shared<Key>(VF_TRY(kind.make(jwk)));
    return VerifyKey(text_member(jwk, "kid"), kind.algorithm, std::move(key));
  }
  return fail(ErrorCode::unsupported_input, "A key of the key set is of a kind that is not taken.", type + " " + name);
}

bool VerifyKey::verify(std::string_view text, std::string_view signature) const {
  const auto& kind = kKinds.at(static_cast<std::size_t>(algorithm_));
  const auto bytes = algorithm_ == JwtAlgorithm::es256 ? der_signature(signature) : std::string(signature);
  const DigestContextPtr context(EVP_MD_CTX_new());
  return context && !bytes.empty() &&
         EVP_DigestVerifyInit_ex(context.get(), nullptr, kind.digest, nullptr, nullptr, key_->pkey.get(), nullptr) ==
             1 &&
         EVP_DigestVerify(context.get(), raw(bytes), bytes.size(), raw(text), text.size()) == 1;
}

Result<std::vector<VerifyKey>> verify_keys_from_jwks(std::string_view text) {
  const auto document = VF_TRY(parse_json(text));
  const auto* object = document.if_object();
  const auto* list = object ? object->if_contains("keys") : nullptr;
  if (!list || !list->is_array()) return fail(ErrorCode::invalid_argument, "The key set has no list of keys.");
  std::vector<VerifyKey> keys;
  for (const auto& item : list->get_array()) {
    if (!item.is_object()) return broken("not an object");
    auto key = VerifyKey::from_jwk(item.get_object());
    if (key)
      keys.push_back(std::move(*key));
    else if (key.error().code != ErrorCode::unsupported_input)
      return std::unexpected(std::move(key).error());
  }
  return keys;
}

Result<SigningKey> SigningKey::from_seed(std::string id, std::string_view seed) {
  if (seed.size() != crypto_sign_SEEDBYTES) return fail(ErrorCode::internal, "A signing key is of the wrong size.");
  std::string open(crypto_sign_PUBLICKEYBYTES, '\0'), secret(crypto_sign_SECRETKEYBYTES, '\0');
  crypto_sign_seed_keypair(reinterpret_cast<unsigned char*>(open.data()),
                           reinterpret_cast<unsigned char*>(secret.data()), raw(seed));
  return SigningKey(std::move(id), std::move(secret), std::move(open));
}

json::object SigningKey::jwk() const {
  return {{"kty", "OKP"}, {"crv", "Ed25519"}, {"x", base64url(public_)},
          {"kid", id_},   {"use", "sig"},     {"alg", "EdDSA"}};
}

std::string SigningKey::sign(std::string_view text) const {
  std::string signature(crypto_sign_BYTES, '\0');
  crypto_sign_detached(reinterpret_cast<unsigned char*>(signature.data()), nullptr, raw(text), text.size(),
                       raw(secret_));
  return signature;
}

}  // namespace vf::auth
