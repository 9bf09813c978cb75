// The second factor against somebody who has the password, and acts that ask once more who it is.
#include <atomic>
#include <thread>

#include "http/accounts_server.h"

namespace vf::http {
namespace {

using testing::HasSubstr;

struct FactorTest : testing::Test {
  AccountServer server{AccountServer::without_limits()};
  Answer boss = server.make_admin();
  Answer marie = server.make_user("marie");
  Sent in = server.bearer(server.login("marie"));

  Answer own(const std::string& method, const std::string& path, const json::value& body) {
    return server.ask(method, path, body, in);
  }
  // Sets the app up: its secret.
  std::string with_app() {
    const auto secret = own("POST", "/api/auth/mfa/enroll", {{"password", AccountServer::kPassword}}).at("/secret");
    EXPECT_EQ(own("POST", "/api/auth/mfa/verify", {{"code", server.app_code(secret)}}).status, 200);
    server.now += 30 * auth::kSecond;
    return secret;
  }
  // A code that is not the app's around now.
  std::string wrong(const std::string& secret) {
    const auto right = server.app_code(secret);
    return (right[0] == '9' ? "8" : "9") + std::string(right[1] == '9' ? "8" : "9") + "0000";
  }
  Answer login(const std::string& code, int from) {
    server.peer = "2001:db8:" + std::to_string(from) + "::1";
    return server.login("marie", AccountServer::kPassword, code);
  }
  std::string newest(const std::string& action) {
    const auto log = server.ask("GET", "/api/admin/audit?limit=1&action=" + action, nullptr, server.key(boss));
    return log.at("/items/0/outcome") + ": " + log.at("/items/0/detail");
  }
  void lose_password() { ASSERT_TRUE(server.db->users->set_password(marie.at("/user/id"), "", server.now)); }
};

TEST_F(FactorTest, CodesAreCountedForTheAccountWhereverTheyComeFrom) {
  const auto secret = with_app();
  const auto guess = wrong(secret);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(login(guess, i).code(), "second_factor_wrong");
  const auto refused = login(guess, 90);
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.code(), "sign_in_locked");
  EXPECT_EQ(refused.headers.get("Retry-After"), "30");
  EXPECT_EQ(newest("session.start"), "refused: right password, second factor locked for a while");
  EXPECT_EQ(login("abcde-fghij", 91).status, 429) << "recovery codes likewise";
  EXPECT_EQ(login(server.app_code(secret), 92).status, 429) << "not looked at";
  server.now += 30 * auth::kSecond;
  EXPECT_EQ(login("abcde-fghij", 93).code(), "second_factor_wrong");
  EXPECT_EQ(login(guess, 94).headers.get("Retry-After"), "60") << "twice as long";
  server.now += 60 * auth::kSecond;
  EXPECT_EQ(login(server.app_code(secret), 95).status, 200);
  server.now += 30 * auth::kSecond;
  EXPECT_EQ(login(guess, 96).code(), "second_factor_wrong") << "counted anew";
}

TEST_F(FactorTest, StrangersLockNobodyOut) {
  const auto secret = with_app();
  for (int i = 0; i < 60; ++i) {
    server.peer = "2001:db8:" + std::to_string(i) + "::1";
    EXPECT_EQ(server.login("marie", "not her password", wrong(secret)).code(), "invalid_credentials");
  }
  EXPECT_EQ(login(server.app_code(secret), 99).status, 200);
}

TEST_F(FactorTest, ManyGuessesAtOnceAreMany) {
  const auto secret = with_app();
  const auto guess = wrong(secret);
  server.peer = "192.0.2.50";
  std::atomic<int> looked_at = 0;
  {
    std::vector<std::jthread> guessers;
    for (int i = 0; i < 4; ++i)
      guessers.emplace_back([&] {
        for (int j = 0; j < 5; ++j)
          looked_at +=
              own("DELETE", "/api/auth/mfa", {{"password", AccountServer::kPassword}, {"code", guess}}).status == 403;
      });
  }
  EXPECT_EQ(looked_at, 5);
  EXPECT_EQ(newest("mfa.remove"), "refused: locked for a while");
}

TEST_F(FactorTest, TheAuditLogHasWhatDidNotSucceed) {
  const auto secret = own("POST", "/api/auth/mfa/enroll", {{"password", AccountServer::kPassword}}).at("/secret");
  EXPECT_EQ(own("POST", "/api/auth/mfa/verify", {{"code", wrong(secret)}}).status, 403);
  EXPECT_EQ(newest("mfa.activate"), "refused: wrong code");
  own("POST", "/api/auth/mfa/verify", {{"code", server.app_code(secret)}});
  EXPECT_EQ(newest("mfa.activate"), "ok: ");
  own("DELETE", "/api/auth/mfa", {{"password", AccountServer::kPassword}, {"code", wrong(secret)}});
  EXPECT_EQ(newest("mfa.remove"), "refused: wrong code");
  EXPECT_EQ(server.login("marie").code(), "second_factor_required");
  EXPECT_EQ(newest("session.start"), "refused: right password, no second factor yet");
  server.login("marie", AccountServer::kPassword, wrong(secret));
  EXPECT_EQ(newest("session.start"), "refused: right password, wrong second factor");
  server.ask("POST", "/api/auth/password/reset", {{"token", "made up"}, {"newPassword", "seven grey lanterns"}});
  EXPECT_EQ(newest("password.reset"), "refused: ");
}

TEST_F(FactorTest, WithoutAPasswordAFreshSignInTakesItsPlace) {
  EXPECT_EQ(own("POST", "/api/auth/mfa/enroll", json::object()).at("/errors/0/pointer"), "/password");
  lose_password();
  EXPECT_EQ(own("POST", "/api/auth/mfa/enroll", json::object()).status, 200);
  EXPECT_EQ(own("POST", "/api/auth/passkeys/options", json::object()).status, 200);
  server.now += 5 * auth::kMinute;
  for (const auto& [method, path] :
       {std::pair("POST", "/api/auth/mfa/enroll"), std::pair("DELETE", "/api/auth/mfa"),
        std::pair("POST", "/api/auth/passkeys/options"), std::pair("POST", "/api/auth/mfa/passkey"),
        std::pair("DELETE", "/api/auth/account")}) {
    json::object body{{"password", ""}};
    if (std::string_view(path) == "/api/auth/mfa") body["code"] = "123456";
    const auto late = own(method, path, body);
    EXPECT_EQ(late.code(), "fresh_sign_in_required") << path;
    EXPECT_THAT(late.at("/detail"), HasSubstr("five minutes"));
  }
  EXPECT_EQ(newest("user.remove"), "refused: no fresh sign-in");
}

TEST_F(FactorTest, ARenewedSessionIsNotAFreshOne) {
  const auto first = server.login("marie");
  lose_password();
  server.now += 5 * auth::kMinute;
  const auto second = server.refresh(first.at("/refreshToken"));
  ASSERT_EQ(second.status, 200);
  in = server.bearer(second);
  EXPECT_EQ(own("DELETE", "/api/auth/account", json::object()).code(), "fresh_sign_in_required");
}

TEST_F(FactorTest, AnAccountWithoutAPasswordDeletesItself) {
  lose_password();
  EXPECT_EQ(own("DELETE", "/api/auth/account", json::object()).status, 204);
  EXPECT_EQ(server.ask("GET", "/api/auth/info", nullptr, in).status, 401);
}

}  // namespace
}  // namespace vf::http
