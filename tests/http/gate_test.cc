// The door: credentials, budgets and blocks, guessing, forged requests.
#include "auth/crypto.h"
#include "auth/jwt.h"
#include "http/accounts_server.h"

namespace vf::http {
namespace {

using testing::HasSubstr;

TEST(Gate, SaysWhatCredentialsItWants) {
  AccountServer server(AccountServer::without_limits());
  const auto boss = server.make_admin();
  const auto in = server.login("boss");
  const auto none = server.ask("GET", "/api/videos");
  EXPECT_EQ(none.status, 401);
  EXPECT_EQ(none.headers.get("WWW-Authenticate"), "Bearer realm=\"videoforge\"");
  EXPECT_EQ(none.headers.get("Content-Type"), "application/problem+json");
  const auto with = [&](const std::string& field) {
    return server.ask("GET", "/api/videos", nullptr, {{"Authorization", field}});
  };
  for (const auto* wrong : {"", "Bearer", "Bearer ", "Basic dTpw", "bearer x.y.z", "Bearer \xff\xfe"})
    EXPECT_EQ(with(wrong).status, 401) << wrong;
  EXPECT_EQ(with("bEARER   " + in.at("/accessToken")).status, 200) << "the scheme has no case (RFC 9110 11.1)";
  auto both = server.bearer(in);
  both.merge(server.key(boss));
  EXPECT_EQ(server.ask("GET", "/api/videos", nullptr, both).code(), "invalid_request");
}

TEST(Gate, ForgedTokensAreRefusedAtTheDoor) {
  AccountServer server(AccountServer::without_limits());
  server.make_admin();
  const auto in = server.login("boss");
  const auto token = in.at("/accessToken");
  const auto header = parse_json(*auth::from_base64url(token.substr(0, token.find('.'))))->get_object();
  const auto middle = token.substr(token.find('.') + 1, token.rfind('.') - token.find('.') - 1);
  auto claims = parse_json(*auth::from_base64url(middle))->get_object();
  EXPECT_EQ(header.at("alg").as_string(), "EdDSA");
  for (const auto* claim : {"iss", "aud", "sub", "sid", "role", "iat", "nbf", "exp", "jti"})
    EXPECT_TRUE(claims.contains(claim)) << claim;
  claims["role"] = "admin";
  const auto theirs = *auth::SigningKey::from_seed(std::string(header.at("kid").as_string()), std::string(32, 'x'));
  for (const auto& forged :
       {auth::sign_jwt(theirs, "at+jwt", claims), auth::base64url(R"({"alg":"none"})") + "." + middle + ".",
        token.substr(0, token.rfind('.') + 1), token + "A"})
    EXPECT_EQ(server.ask("GET", "/api/videos", nullptr, {{"Authorization", "Bearer " + forged}}).code(),
              "invalid_token");
  // A token of this server for another purpose: the refresh token is none.
  EXPECT_EQ(server.ask("GET", "/api/videos", nullptr, {{"Authorization", "Bearer " + in.at("/refreshToken")}}).status,
            401);
}

TEST(Gate, AStaleTokenDoesNotKeepAnybodyFromSigningIn) {
  AccountServer server(AccountServer::without_limits());
  server.make_admin();
  const Sent stale{{"Authorization", "Bearer stale"}};
  EXPECT_EQ(server.ask("POST", "/api/auth/login", {{"username", "boss"}, {"password", AccountServer::kPassword}}, stale)
                .status,
            200);
  EXPECT_EQ(server.ask("GET", "/api/gallery", nullptr, stale).status, 401) << "but it is told everywhere else";
  EXPECT_EQ(server.ask("GET", "/api/gallery").status, 200);
}

TEST(Gate, TellsTheBudgetInEveryAnswer) {
  AccountServer server;
  const auto boss = server.make_admin();
  EXPECT_EQ(boss.headers.get("RateLimit"), "limit=5, remaining=4, reset=180");
  EXPECT_EQ(boss.headers.get("RateLimit-Policy"), "5;w=900");
  const auto open = server.ask("GET", "/api/gallery");
  EXPECT_EQ(open.headers.get("RateLimit"), "limit=100, remaining=99, reset=9");
  EXPECT_EQ(open.headers.get("RateLimit-Limit"), "100");
  EXPECT_EQ(open.headers.get("RateLimit-Remaining"), "99");
  EXPECT_EQ(open.headers.get("X-RateLimit-Limit"), "100");
  EXPECT_EQ(open.headers.get("X-RateLimit-Remaining"), "99");
  EXPECT_EQ(open.headers.get("X-RateLimit-Reset"), "2027-01-15T08:00:09.000Z");
  const auto signed_in = server.ask("GET", "/api/videos", nullptr, server.key(boss));
  EXPECT_EQ(signed_in.headers.get("X-RateLimit-Limit"), "10000");
  EXPECT_EQ(signed_in.headers.get("RateLimit-Policy"), "10000;w=900");
  EXPECT_EQ(server.ask("GET", "/api/videos").headers.get("RateLimit-Remaining"), "98") << "a refusal counts";
  EXPECT_EQ(server.ask("GET", "/api/stream").headers.find("RateLimit"), nullptr) << "playback is not counted";
}

TEST(Gate, PastTheBudgetItSaysWhenToComeBack) {
  AccountServer server;
  const auto boss = server.make_admin();
  for (int i = 0; i < 4; ++i) EXPECT_EQ(server.login("nobody", "x").status, 401);
  const auto refused = server.login("nobody", "x");
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.code(), "rate_limited");
  EXPECT_EQ(refused.headers.get("Retry-After"), "180");
  EXPECT_THAT(refused.at("/detail"), HasSubstr("5 requests in 900 seconds"));
  EXPECT_EQ(server.ask("GET", "/api/gallery").status, 200) << "another budget";
  server.peer = "192.0.2.2";
  EXPECT_EQ(server.login("boss").status, 200) << "another address";
  for (int i = 0; i < 10; ++i) EXPECT_EQ(server.ask("POST", "/api/jobs", nullptr, server.key(boss)).status, 200);
  EXPECT_EQ(server.ask("POST", "/api/jobs", nullptr, server.key(boss)).status, 429);
  server.peer = "192.0.2.1";
  server.now += 180 * auth::kSecond;
  EXPECT_EQ(server.login("boss").status, 200);
}

TEST(Gate, AnAccountMoreIsNoBudgetMore) {
  AccountServer server;
  server.make_admin();  // the first of five
  const auto user = server.make_user("marie");
  server.peer = "192.0.2.9";
  int registered = 0;
  for (int i = 0; i < 8; ++i) {
    const json::object wish{{"username", "more" + std::to_string(i)}, {"password", AccountServer::kPassword}};
    registered += server.ask("POST", "/api/auth/register", wish, i < 4 ? Sent{} : server.key(user)).status == 201;
  }
  EXPECT_EQ(registered, 5);
}

TEST(Gate, GuessingKeysIsCountedByAddress) {
  AccountServer server;
  server.make_admin();
  int refused = 0;
  for (int i = 0; i < 105; ++i)
    refused += server.ask("GET", "/api/videos", nullptr, {{"x-api-key", "vf_guess" + std::to_string(i)}}).status == 429;
  EXPECT_EQ(refused, 5);
}

TEST(Gate, WhoeverGoesOnIsBlockedUntilAnAdminReleasesHim) {
  AccountServer server;
  const auto boss = server.make_admin();
  server.peer = "2001:db8::7";
  for (int i = 0; i < 15; ++i) server.login("nobody", "x");
  const auto blocked = server.ask("GET", "/api/gallery");
  EXPECT_EQ(blocked.status, 429);
  EXPECT_EQ(blocked.code(), "address_blocked");
  EXPECT_EQ(blocked.headers.get("Retry-After"), "900");
  EXPECT_EQ(server.ask("GET", "/api/stream").status, 200) << "who watches goes on watching";
  server.peer = "192.0.2.1";
  const auto list = server.ask("GET", "/api/admin/blocked", nullptr, server.key(boss));
  EXPECT_EQ(list.at("/items/0/address"), "2001:db8::/64");
  EXPECT_EQ(server.ask("DELETE", "/api/admin/blocked/2001:db8::/64", nullptr, server.key(boss)).status, 204);
  EXPECT_EQ(server.ask("DELETE", "/api/admin/blocked/2001:db8::/64", nullptr, server.key(boss)).status, 404);
  server.peer = "2001:db8::8";
  EXPECT_EQ(server.ask("GET", "/api/gallery").status, 200);
}

TEST(Gate, ABlockSparesWhoeverShowsGoodCredentials) {
  AccountServer server;
  const auto boss = server.make_admin();
  for (int i = 0; i < 15; ++i) server.login("nobody", "x");
  EXPECT_EQ(server.ask("GET", "/api/gallery").code(), "address_blocked");
  EXPECT_EQ(server.ask("GET", "/api/admin/blocked", nullptr, server.key(boss)).status, 200);
  EXPECT_EQ(server.ask("GET", "/api/videos", nullptr, {{"x-api-key", "vf_guess"}}).code(), "address_blocked");
  EXPECT_EQ(
      server.ask("POST", "/api/auth/login", {{"username", "boss"}, {"password", "x"}}, {{"x-api-key", "vf_guess"}})
          .code(),
      "address_blocked");
}

TEST(Gate, AKeyOfOnesOwnMayNameTheBudget) {
  AccountsOptions options;
  options.rates.key = [](const Request&, const auth::Principal&, RateClass) {
    return std::optional<std::string>("team 7");
  };
  AccountServer server(options);
  server.ask("GET", "/api/gallery");
  server.peer = "192.0.2.2";
  EXPECT_EQ(server.ask("GET", "/api/gallery").headers.get("RateLimit-Remaining"), "98");
}

TEST(SignIn, FailuresMakeTheGuesserWaitAndNotTheOwner) {
  AccountServer server(AccountServer::without_limits());
  server.make_admin();
  server.peer = "203.0.113.5";
  for (int i = 0; i < 5; ++i) EXPECT_EQ(server.login("boss", "guess").status, 401);
  const auto locked = server.login("boss");
  EXPECT_EQ(locked.status, 429) << "even the right password waits now";
  EXPECT_EQ(locked.code(), "sign_in_locked");
  EXPECT_EQ(locked.headers.get("Retry-After"), "30");
  for (int i = 0; i < 5; ++i) server.login("no such name", "guess");
  EXPECT_EQ(server.login("no such name", "guess").status, 429) << "unknown names lock as known ones do";
  server.peer = "198.51.100.1";
  EXPECT_EQ(server.login("boss").status, 200) << "the owner, elsewhere";
  server.peer = "203.0.113.5";
  server.now += 30 * auth::kSecond;
  EXPECT_EQ(server.login("boss", "guess").status, 401);
  EXPECT_EQ(server.login("boss").headers.get("Retry-After"), "60");
}

TEST(SignIn, SprayingIsSlowed) {
  AccountServer server(AccountServer::without_limits());
  server.make_admin();
  int locked = 0;
  for (int i = 0; i < 30; ++i) locked += server.login("user" + std::to_string(i), "Winter2026!").status == 429;
  EXPECT_EQ(locked, 10);
}

struct Browser : testing::Test {
  AccountServer server{AccountServer::without_limits()};
  Answer in;
  Sent cookies;

  // Keeps what Set-Cookie says, as a browser would.
  void take(const Answer& answer) {
    std::string line;
    for (const auto& [name, value] : answer.headers.fields())
      if (name == "Set-Cookie") line += (line.empty() ? "" : "; ") + value.substr(0, value.find(';'));
    if (!line.empty()) cookies["Cookie"] = line;
  }
  void SetUp() override {
    server.make_admin();
    in = server.ask("POST", "/api/auth/login",
                    {{"username", "boss"}, {"password", AccountServer::kPassword}, {"browser", true}});
    ASSERT_EQ(in.status, 200);
    take(in);
  }
  Sent with(Sent more) {
    more.merge(Sent(cookies));
    return more;
  }
  Answer refresh(const Sent& more) { return server.ask("POST", "/api/auth/refresh", nullptr, with(more)); }
};

TEST_F(Browser, TheRefreshTokenStandsOnlyInAGuardedCookie) {
  EXPECT_EQ(in.at("/refreshToken"), "(absent)");
  std::vector<std::string> set;
  for (const auto& [name, value] : in.headers.fields())
    if (name == "Set-Cookie") set.push_back(value);
  ASSERT_EQ(set.size(), 2u);
  EXPECT_THAT(set[0], testing::MatchesRegex(
                          "__Host-vf_refresh=vfr_.*; Path=/; Max-Age=2592000; Secure; SameSite=Strict; HttpOnly"));
  EXPECT_THAT(set[1], testing::Not(HasSubstr("HttpOnly"))) << "our pages read this one";
  const auto renewed = refresh({{"X-CSRF-Token", in.at("/csrfToken")}, {"Origin", "https://videos.example"}});
  ASSERT_EQ(renewed.status, 200) << renewed.text;
  take(renewed);
  EXPECT_EQ(refresh({{"X-CSRF-Token", renewed.at("/csrfToken")}}).status, 200);
}

TEST_F(Browser, OtherSitesCannotUseIt) {
  EXPECT_EQ(refresh({}).code(), "csrf");
  EXPECT_EQ(refresh({{"X-CSRF-Token", "guess"}}).code(), "csrf");
  const auto token = in.at("/csrfToken");
  for (const auto* origin : {"https://evil.example", "null", "https://videos.example.evil.example",
                             "https://videos.example:444", "videos.example"})
    EXPECT_EQ(refresh({{"X-CSRF-Token", token}, {"Origin", origin}}).code(), "csrf") << origin;
  EXPECT_EQ(server.ask("POST", "/api/auth/logout", nullptr, with({})).code(), "csrf") << "nor sign the user out";
  // The token of another session is none for this one.
  const auto other = server.ask("POST", "/api/auth/login",
                                {{"username", "boss"}, {"password", AccountServer::kPassword}, {"browser", true}});
  EXPECT_EQ(refresh({{"X-CSRF-Token", other.at("/csrfToken")}}).code(), "csrf");
  // A cookie alone opens nothing else.
  EXPECT_EQ(server.ask("GET", "/api/auth/info", nullptr, with({{"X-CSRF-Token", token}})).status, 401);
  EXPECT_EQ(refresh({{"X-CSRF-Token", token}}).status, 200);
}

TEST_F(Browser, SigningInMakesANewSessionWhateverCookieCame) {
  const auto again =
      server.ask("POST", "/api/auth/login",
                 {{"username", "boss"}, {"password", AccountServer::kPassword}, {"browser", true}}, cookies);
  EXPECT_NE(again.at("/sessionId"), in.at("/sessionId"));
  EXPECT_NE(again.headers.get("Set-Cookie"), in.headers.get("Set-Cookie"));
}

TEST_F(Browser, SigningOutTakesTheCookieBack) {
  const auto out = server.ask("POST", "/api/auth/logout", nullptr, with({{"X-CSRF-Token", in.at("/csrfToken")}}));
  EXPECT_EQ(out.status, 204);
  EXPECT_THAT(out.headers.get("Set-Cookie"), HasSubstr("Max-Age=0"));
  EXPECT_EQ(refresh({{"X-CSRF-Token", in.at("/csrfToken")}}).status, 401);
}

}  // namespace
}  // namespace vf::http
