// Tokens: the vectors of the RFCs, and every forgery we know by name.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "auth/crypto.h"
#include "auth/jwt.h"

namespace vf::auth {
namespace {

constexpr std::int64_t kNow = 1'800'000'000;

VerifyKey key_of(std::string_view jwk) {
  auto key = VerifyKey::from_jwk(parse_json(jwk)->get_object());
  EXPECT_TRUE(key) << (key ? "" : key.error().detail);
  return *key;
}

std::string from_hex(std::string_view text) {
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); i += 2)
    bytes += static_cast<char>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16));
  return bytes;
}

bool verifies(const VerifyKey& key, std::string_view token) {
  const auto last = token.rfind('.');
  return key.verify(token.substr(0, last), *from_base64url(token.substr(last + 1)));
}

// Any bit of text or signature.
void expect_only_unchanged_verifies(const VerifyKey& key, const std::string& token) {
  EXPECT_TRUE(verifies(key, token));
  for (const auto at : {std::size_t{5}, token.find('.') + 9, token.rfind('.') + 12}) {
    auto changed = token;
    changed[at] = changed[at] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(verifies(key, changed)) << "character " << at;
  }
}

TEST(JwtVectors, Rfc8032Test1) {
  const auto key =
      *SigningKey::from_seed("1", from_hex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"));
  EXPECT_EQ(key.sign(""),
            from_hex("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e"
                     "39701cf9b46bd25bf5f0595bbe24655141438e7a100b"));
  EXPECT_EQ(key.jwk().at("x").as_string(),
            base64url(from_hex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")));
}

TEST(JwtVectors, Rfc8037A4) {
  const auto key = key_of(R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})");
  expect_only_unchanged_verifies(
      key,
      "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc."
      "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg");
}

constexpr std::string_view kRfc7515Payload =
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

constexpr std::string_view kRfc7515RsaKey =
    R"({"kty":"RSA","e":"AQAB","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJP)"
    R"(MEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsL)"
    R"(A9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2)"
    R"(ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"})";

TEST(JwtVectors, Rfc7515A2) {
  expect_only_unchanged_verifies(
      key_of(kRfc7515RsaKey),
      std::string("eyJhbGciOiJSUzI1NiJ9.") + std::string(kRfc7515Payload) +
          ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9C"
          "UAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_"
          "dO--xi12jzDwusC-"
          "eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0ig"
          "cN_IoypGlUPQGe77Rw");
}

TEST(JwtVectors, Rfc7515A3) {
  const auto key = key_of(R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
                             "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})");
  expect_only_unchanged_verifies(key,
                                 std::string("eyJhbGciOiJFUzI1NiJ9.") + std::string(kRfc7515Payload) +
                                     ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqP"
                                     "P3-Kg6NU1Q");
}

TEST(Jwk, KeysThatCannotBeTrustedAreRefused) {
  const auto error_of = [](std::string_view jwk) {
    return VerifyKey::from_jwk(parse_json(jwk)->get_object()).error().code;
  };
  EXPECT_EQ(error_of(R"({"kty":"oct","k":"AAAA"})"), ErrorCode::unsupported_input);
  EXPECT_EQ(error_of(R"({"kty":"RSA","e":"AQAB","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0"})"),
            ErrorCode::invalid_argument);
  // A point that is not on the curve.
  EXPECT_EQ(error_of(R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
                        "y":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"})"),
            ErrorCode::invalid_argument);
  EXPECT_EQ(error_of(R"({"kty":"OKP","crv":"Ed25519","use":"enc","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})"),
            ErrorCode::unsupported_input);
}

// A set with kinds that nobody here takes still gives those that are.
TEST(Jwk, ASetGivesTheKeysThatCanVerify) {
  const auto keys = verify_keys_from_jwks(R"({"keys":[{"kty":"oct","k":"AAAA","kid":"x"},
      {"kty":"OKP","crv":"Ed25519","kid":"y","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]})");
  ASSERT_TRUE(keys);
  ASSERT_EQ(keys->size(), 1u);
  EXPECT_EQ(keys->front().id(), "y");
  EXPECT_FALSE(verify_keys_from_jwks("[]"));
}

struct Forgery : testing::Test {
  SigningKey ours = *SigningKey::from_seed("ours", std::string(32, 'a'));
  SigningKey theirs = *SigningKey::from_seed("ours", std::string(32, 'b'));
  std::vector<VerifyKey> keys{*VerifyKey::from_jwk(ours.jwk()), key_of(kRfc7515RsaKey)};
  JwtRules rules{.issuer = "videoforge", .audience = "api", .type = "at+jwt", .longest = 900};
  json::object claims{{"iss", "videoforge"}, {"aud", "api"}, {"sub", "u1"},
                      {"iat", kNow},         {"nbf", kNow},  {"exp", kNow + 900}};

  std::string why(const std::string& token, std::int64_t now = kNow) const {
    const auto verified = verify_jwt(token, keys, rules, now);
    return verified ? "" : verified.error().detail;
  }
  std::string with(std::string_view name, json::value value) const {
    auto changed = claims;
    changed[name] = std::move(value);
    return sign_jwt(ours, "at+jwt", changed);
  }
  std::string without(std::string_view name) const {
    auto changed = claims;
    changed.erase(name);
    return sign_jwt(ours, "at+jwt", changed);
  }
  // A header of the forger's choice, signed by our real key, so that only the header is at fault.
  std::string headed(std::string_view header) const {
    const auto text = base64url(header) + "." + base64url(dump(claims));
    return text + "." + base64url(ours.sign(text));
  }
};

TEST_F(Forgery, TheRightOneIsTaken) {
  EXPECT_EQ(why(sign_jwt(ours, "at+jwt", claims)), "");
  EXPECT_EQ(why(with("aud", json::array{"other", "api"})), "");
  EXPECT_EQ(why(sign_jwt(ours, "application/AT+JWT", claims)), "");
}

TEST_F(Forgery, EachIsRefusedForItsOwnReason) {
  const auto good = sign_jwt(ours, "at+jwt", claims);
  const auto body = good.substr(0, good.rfind('.'));
  const auto middle = base64url(dump(claims));
  // HS256 with the published key as the shared secret: the classic confusion.
  const auto hs_text = base64url(R"({"alg":"HS256","typ":"at+jwt","kid":"ours"})") + "." + middle;
  const auto hs = hs_text + "." + base64url(hmac_sha256(ours.jwk().at("x").as_string(), hs_text));
  const std::pair<std::string, std::string> table[] = {
      {headed(R"({"alg":"none","typ":"at+jwt","kid":"ours"})"), "no such key"},
      {base64url(R"({"alg":"none"})") + "." + middle + ".", "no such key"},
      {base64url(R"({"alg":"nOnE","kid":"ours"})") + "." + middle + ".", "no such key"},
      {hs, "no such key"},
      {headed(R"({"alg":"RS256","typ":"at+jwt","kid":"ours"})"), "no such key"},
      {headed(R"({"alg":"RS256","typ":"at+jwt"})"), "signature"},
      {headed(R"({"alg":"EdDSA","typ":"at+jwt","kid":"../../dev/null"})"), "no such key"},
      {headed(R"({"alg":"EdDSA","typ":"at+jwt","kid":7})"), "no such key"},
      {headed(R"({"alg":["EdDSA"],"typ":"at+jwt","kid":"ours"})"), "no such key"},
      {headed(R"({"alg":"EdDSA","typ":"at+jwt","kid":"ours","crit":["b64"],"b64":false})"), "critical header"},
      // A key that the token brings along is not looked at.
      {sign_jwt(theirs, "at+jwt", claims), "signature"},
      {sign_jwt(ours, "JWT", claims), "typ"},
      {with("iss", "someone"), "iss"},
      {without("iss"), "iss"},
      {with("aud", "other"), "aud"},
      {without("aud"), "aud"},
      {with("aud", json::object{{"api", true}}), "aud"},
      {with("nbf", kNow + 61), "nbf in the future"},
      {with("nbf", "soon"), "nbf in the future"},
      {with("iat", kNow + 61), "iat in the future"},
      {with("exp", kNow - 60), "exp"},
      {with("exp", kNow + 901), "lives too long"},
      {with("exp", "never"), "no exp"},
      {with("exp", -1), "no exp"},
      {with("exp", 1e300), "no exp"},
      {without("exp"), "no exp"},
      {body + ".", "signature"},
      {body, "not three parts"},
      {good + ".x", "not three parts"},
      {good + "=", "signature is not base64url"},
      {"", "not three parts"},
      {"..", "not a JSON object"},
      {base64url("[]") + "." + middle + ".AAAA", "not a JSON object"},
      {base64url("{\"alg\":\"EdDSA\"") + "." + middle + ".AAAA", "not a JSON object"},
      {std::string(100'000, 'a'), "too long"},
  };
  for (const auto& [token, reason] : table) EXPECT_EQ(why(token), reason) << token.substr(0, 300);
}

TEST_F(Forgery, ATokenEndsAfterItsTimeAndTheSkew) {
  const auto token = sign_jwt(ours, "at+jwt", claims);
  EXPECT_EQ(why(token, kNow + 959), "");
  EXPECT_EQ(why(token, kNow + 960), "exp");
  EXPECT_EQ(why(token, kNow - 61), "iat in the future");
}

}  // namespace
}  // namespace vf::auth
