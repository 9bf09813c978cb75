// Passkeys against an authenticator made of OpenSSL keys, which answers as the specification says, or not quite.
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>

#include "auth/crypto.h"
#include "http/accounts_server.h"

namespace vf::http {
namespace {

std::string cbor_bytes(const std::string& bytes) {
  if (bytes.size() < 24) return static_cast<char>(0x40 + bytes.size()) + bytes;
  if (bytes.size() < 256) return "\x58" + std::string(1, static_cast<char>(bytes.size())) + bytes;
  return "\x59" + std::string(1, static_cast<char>(bytes.size() >> 8)) + static_cast<char>(bytes.size() & 255) + bytes;
}

std::string big_endian(std::uint32_t value, int bytes) {
  std::string out;
  for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>(value >> (8 * i) & 255);
  return out;
}

enum class Kind { es256, eddsa, rs256 };

struct Authenticator {
  Kind kind;
  EVP_PKEY* key;
  std::string id = auth::random_bytes(20);
  std::uint32_t count = 0;
  bool counts = true;
  unsigned char flags = 0x05;  // present, verified
  std::string origin = "https://videos.example";
  std::string rp = "videos.example";

  explicit Authenticator(Kind k)
      : kind(k),
        key(k == Kind::es256   ? EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256")
            : k == Kind::eddsa ? EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")
                               : EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{2048})) {}
  Authenticator(const Authenticator&) = delete;
  Authenticator& operator=(const Authenticator&) = delete;
  ~Authenticator() { EVP_PKEY_free(key); }

  std::string number(const char* name) const {
    BIGNUM* n = nullptr;
    EVP_PKEY_get_bn_param(key, name, &n);
    std::string out(static_cast<std::size_t>(kind == Kind::es256 ? 32 : BN_num_bytes(n)), '\0');
    BN_bn2binpad(n, reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(out.size()));
    BN_free(n);
    return out;
  }
  std::string cose() const {
    if (kind == Kind::es256)
      return "\xa5\x01\x02\x03\x26\x20\x01\x21" + cbor_bytes(number(OSSL_PKEY_PARAM_EC_PUB_X)) + "\x22" +
             cbor_bytes(number(OSSL_PKEY_PARAM_EC_PUB_Y));
    if (kind == Kind::rs256)
      return std::string("\xa4\x01\x03\x03\x39\x01\x00\x20", 8) + cbor_bytes(number(OSSL_PKEY_PARAM_RSA_N)) + "\x21" +
             cbor_bytes(number(OSSL_PKEY_PARAM_RSA_E));
    std::string raw(32, '\0');
    std::size_t size = 32;
    EVP_PKEY_get_raw_public_key(key, reinterpret_cast<unsigned char*>(raw.data()), &size);
    return "\xa4\x01\x01\x03\x27\x20\x06\x21" + cbor_bytes(raw);
  }
  std::string sign(const std::string& text) const {
    std::size_t size = 0;
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
    EVP_DigestSignInit_ex(context, nullptr, kind == Kind::eddsa ? nullptr : "SHA256", nullptr, nullptr, key, nullptr);
    EVP_DigestSign(context, nullptr, &size, bytes, text.size());
    std::string out(size, '\0');
    EVP_DigestSign(context, reinterpret_cast<unsigned char*>(out.data()), &size, bytes, text.size());
    EVP_MD_CTX_free(context);
    out.resize(size);
    return out;
  }
  std::string client_data(std::string_view type, const std::string& challenge) const {
    return dump(json::object{{"type", type}, {"challenge", challenge}, {"origin", origin}, {"crossOrigin", false}});
  }
  std::string data(unsigned char more_flags) {
    if (counts) ++count;
    return auth::sha256(rp) + static_cast<char>(flags | more_flags) + big_endian(count, 4);
  }
  json::object create(const std::string& challenge) {
    const auto bytes =
        data(0x40) + std::string(16, '\0') + big_endian(static_cast<std::uint32_t>(id.size()), 2) + id + cose();
    return {{"id", auth::base64url(id)},
            {"type", "public-key"},
            {"response",
             {{"clientDataJSON", auth::base64url(client_data("webauthn.create", challenge))},
              {"authenticatorData", auth::base64url(bytes)}}}};
  }
  json::object get(const std::string& challenge) {
    const auto client = client_data("webauthn.get", challenge), bytes = data(0);
    return {{"id", auth::base64url(id)},
            {"response",
             {{"clientDataJSON", auth::base64url(client)},
              {"authenticatorData", auth::base64url(bytes)},
              {"signature", auth::base64url(sign(bytes + auth::sha256(client)))}}}};
  }
};

struct PasskeysTest : testing::Test {
  AccountServer server{AccountServer::without_limits()};
  Sent in;
  void SetUp() override {
    server.make_admin();
    in = server.bearer(server.login("boss"));
  }
  std::string challenge() { return server.ask("POST", "/api/auth/passkeys/login/options").at("/challenge"); }
  Answer options() {
    return server.ask("POST", "/api/auth/passkeys/options", {{"password", AccountServer::kPassword}}, in);
  }
  Answer add(const json::object& credential) {
    return server.ask("POST", "/api/auth/passkeys", {{"name", "phone"}, {"credential", credential}}, in);
  }
  Answer login(const json::object& credential) {
    return server.ask("POST", "/api/auth/passkeys/login", {{"credential", credential}});
  }
};

TEST_F(PasskeysTest, EachKindOfKeySignsInWithoutAPassword) {
  for (const auto kind : {Kind::es256, Kind::eddsa, Kind::rs256}) {
    Authenticator device(kind);
    const auto wanted = options();
    EXPECT_EQ(wanted.at("/rp/id"), "videos.example");
    EXPECT_EQ(wanted.at("/authenticatorSelection/userVerification"), "required");
    const auto added = add(device.create(wanted.at("/challenge")));
    ASSERT_EQ(added.status, 201) << added.text;
    for (int i = 0; i < 2; ++i) {
      const auto signed_in = login(device.get(challenge()));
      ASSERT_EQ(signed_in.status, 200) << signed_in.text;
      EXPECT_EQ(server.ask("GET", "/api/auth/info", nullptr, server.bearer(signed_in)).at("/user/username"), "boss");
    }
  }
  const auto list = server.ask("GET", "/api/auth/passkeys", nullptr, in);
  EXPECT_EQ(list.body.at("items").as_array().size(), 3u);
  EXPECT_EQ(options().body.at("excludeCredentials").as_array().size(), 3u);
}

// As second factor: the password first, then a key of this account for a challenge made for that.
TEST_F(PasskeysTest, APasswordAloneDoesNotSignInWhereAPasskeyIsDemanded) {
  const json::object password{{"password", AccountServer::kPassword}};
  const auto mfa = [&](const char* method, json::object body) {
    return server.ask(method, "/api/auth/mfa/passkey", body, in);
  };
  EXPECT_EQ(mfa("POST", password).status, 409) << "there is none to demand";
  Authenticator device(Kind::es256), other(Kind::eddsa);
  add(device.create(options().at("/challenge")));
  EXPECT_EQ(mfa("POST", {{"password", "not this one"}}).code(), "wrong_password");
  EXPECT_EQ(mfa("POST", password).status, 204);

  const auto half = server.login("boss");
  EXPECT_EQ(half.status, 401);
  EXPECT_EQ(half.code(), "second_factor_required");
  EXPECT_EQ(dump(half.body.at("secondFactors")), R"(["passkey"])");
  EXPECT_EQ(half.at("/passkeyOptions/allowCredentials/0/id"), auth::base64url(device.id));
  EXPECT_EQ(server.login("boss", "not this one").code(), "invalid_credentials")
      << "nothing is told before the password";
  const auto with = [&](const json::object& credential) {
    return server.ask("POST", "/api/auth/login",
                      {{"username", "boss"}, {"password", AccountServer::kPassword}, {"credential", credential}});
  };
  EXPECT_EQ(with(device.get(challenge())).code(), "second_factor_wrong") << "a challenge for another purpose";
  EXPECT_EQ(with(other.get(half.at("/passkeyOptions/challenge"))).code(), "second_factor_wrong");
  const auto answer = device.get(server.login("boss").at("/passkeyOptions/challenge"));
  EXPECT_EQ(login(answer).status, 401) << "and not the other way round";
  const auto fresh = device.get(server.login("boss").at("/passkeyOptions/challenge"));
  EXPECT_EQ(with(fresh).status, 200);
  EXPECT_EQ(with(fresh).code(), "second_factor_wrong") << "good once";

  // It stays until the factor itself says so.
  EXPECT_EQ(server.ask("DELETE", "/api/auth/passkeys/" + auth::base64url(device.id), nullptr, in).status, 409);
  const auto asked = mfa("DELETE", password);
  EXPECT_EQ(asked.code(), "second_factor_required");
  EXPECT_EQ(mfa("DELETE", {{"password", AccountServer::kPassword},
                           {"credential", device.get(asked.at("/passkeyOptions/challenge"))}})
                .status,
            204);
  EXPECT_EQ(server.login("boss").status, 200);
  EXPECT_EQ(mfa("DELETE", password).status, 409);
}

TEST_F(PasskeysTest, SomebodyElsesPasskeyIsNoSecondFactorAndAnAdminLiftsTheDemand) {
  Authenticator device(Kind::es256), theirs(Kind::es256);
  server.make_user("marie");
  const auto boss = in;
  add(device.create(options().at("/challenge")));
  in = server.bearer(server.login("marie"));
  add(theirs.create(options().at("/challenge")));
  const auto marie = server.ask("GET", "/api/auth/info", nullptr, in).at("/user/id");
  EXPECT_EQ(server.ask("POST", "/api/auth/mfa/passkey", {{"password", AccountServer::kPassword}}, in).status, 204);
  const auto half = server.login("marie");
  EXPECT_EQ(server
                .ask("POST", "/api/auth/login",
                     {{"username", "marie"},
                      {"password", AccountServer::kPassword},
                      {"credential", device.get(half.at("/passkeyOptions/challenge"))}})
                .code(),
            "second_factor_wrong");
  EXPECT_EQ(server.ask("DELETE", "/api/admin/users/" + marie + "/mfa", nullptr, boss).status, 204);
  EXPECT_EQ(server.login("marie").status, 200);
}

TEST_F(PasskeysTest, WhatIsNotQuiteRightIsRefused) {
  Authenticator device(Kind::es256);
  ASSERT_EQ(add(device.create(options().at("/challenge"))).status, 201);
  ASSERT_EQ(login(device.get(challenge())).status, 200);
  const auto good = challenge();
  ASSERT_EQ(login(device.get(good)).status, 200);
  EXPECT_EQ(login(device.get(good)).status, 401) << "a challenge is answered once";
  EXPECT_EQ(login(device.get(auth::random_token())).status, 401) << "a challenge of one's own";
  EXPECT_EQ(login(device.get(options().at("/challenge"))).status, 401) << "of another ceremony";
  const auto refused = [&](auto&& spoil) {
    auto credential = device.get(challenge());
    spoil(credential);
    return login(credential).status;
  };
  EXPECT_EQ(refused([](json::object& c) { c["response"].get_object()["signature"] = "AAAA"; }), 401);
  EXPECT_EQ(refused([&](json::object& c) { c["id"] = auth::base64url("another"); }), 401);
  EXPECT_EQ(refused([](json::object& c) { c["response"].get_object().erase("signature"); }), 400);
  EXPECT_EQ(refused([](json::object& c) { c["response"].get_object()["authenticatorData"] = "AAAA"; }), 401);
  device.origin = "https://videos.example.evil.example";
  EXPECT_EQ(login(device.get(challenge())).status, 401) << "a phishing page";
  device.origin = "https://videos.example";
  device.rp = "evil.example";
  EXPECT_EQ(login(device.get(challenge())).status, 401);
  device.rp = "videos.example";
  device.flags = 0x01;
  EXPECT_EQ(login(device.get(challenge())).status, 401) << "found on the table, not unlocked";
  device.flags = 0x05;
  const auto late = challenge();
  server.now += 5 * auth::kMinute;
  EXPECT_EQ(login(device.get(late)).status, 401);
  EXPECT_EQ(login(device.get(challenge())).status, 200) << "and the owner still gets in";
}

TEST_F(PasskeysTest, ACopiedKeyIsFoundOutByItsCount) {
  Authenticator device(Kind::eddsa);
  ASSERT_EQ(add(device.create(options().at("/challenge"))).status, 201);
  ASSERT_EQ(login(device.get(challenge())).status, 200);
  device.count -= 1;
  EXPECT_EQ(login(device.get(challenge())).status, 401);
  Authenticator without(Kind::eddsa);  // synced passkeys do not count
  without.counts = false;
  ASSERT_EQ(add(without.create(options().at("/challenge"))).status, 201);
  EXPECT_EQ(login(without.get(challenge())).status, 200);
  EXPECT_EQ(login(without.get(challenge())).status, 200);
}

TEST_F(PasskeysTest, OnlyItsOwnerPutsAPasskeyThereAndTakesItAway) {
  EXPECT_EQ(server.ask("POST", "/api/auth/passkeys/options", {{"password", "guess"}}, in).code(), "wrong_password");
  Authenticator device(Kind::es256);
  const auto wanted = options().at("/challenge");
  server.make_user("eve");
  const auto boss = in;
  in = server.bearer(server.login("eve"));
  EXPECT_EQ(add(device.create(wanted)).status, 400) << "begun by somebody else";
  in = boss;
  ASSERT_EQ(add(device.create(options().at("/challenge"))).status, 201);
  EXPECT_EQ(add(device.create(options().at("/challenge"))).status, 409);
  const auto path = "/api/auth/passkeys/" + auth::base64url(device.id);
  EXPECT_EQ(server.ask("DELETE", path, nullptr, server.bearer(server.login("eve"))).status, 404);
  EXPECT_EQ(server.ask("DELETE", path, nullptr, in).status, 204);
  EXPECT_EQ(login(device.get(challenge())).status, 401);
}

// Every cut and every flipped byte of what the browser sends ends with an answer, never with a passkey.
TEST_F(PasskeysTest, BrokenAnswersAreSurvived) {
  Authenticator device(Kind::es256);
  const auto whole =
      *auth::from_base64url(std::string(device.create("x")["response"].at("authenticatorData").as_string()));
  for (std::size_t i = 0; i < whole.size(); i += 3) {
    auto credential = device.create(options().at("/challenge"));
    auto& response = credential["response"].get_object();
    response["authenticatorData"] = auth::base64url(whole.substr(0, i));
    EXPECT_EQ(add(credential).status, 400) << i;
  }
  std::string huge = whole.substr(0, 37 + 16) + big_endian(20, 2) + device.id + "\xbb" + std::string(8, '\xff');
  auto credential = device.create(options().at("/challenge"));
  credential["response"].get_object()["authenticatorData"] = auth::base64url(huge);
  EXPECT_EQ(add(credential).status, 400);
  huge = whole.substr(0, 37 + 16) + big_endian(20, 2) + device.id + "\xa1\x21\x5b" + std::string(8, '\xff');
  credential = device.create(options().at("/challenge"));
  credential["response"].get_object()["authenticatorData"] = auth::base64url(huge);
  EXPECT_EQ(add(credential).status, 400);
}

}  // namespace
}  // namespace vf::http
