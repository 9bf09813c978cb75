// Signing in at a real, certified OpenID Connect provider (npm oidc-provider), which runs beside the test.
#include "http/accounts_server.h"
#include "net/call.h"
#include "support/oidc_peer.h"

namespace vf::http {
namespace {

using testing::HasSubstr;

constexpr const char* kHost = "https://videos.example";
constexpr const char* kAudience = "https://api.videos.example";

test::OidcPeer& peer() {
  static test::OidcPeer running(std::string(kHost) + "/api/auth/oidc/callback", kAudience);
  return running;
}

struct Oidc : testing::Test {
  std::string token_answer;  // the last one of the token endpoint
  AccountsOptions options = AccountServer::without_limits();
  std::unique_ptr<AccountServer> server;

  void SetUp() override {
    if (peer().issuer().empty()) GTEST_SKIP() << "needs node and tests/e2e (./run deps)";
    options.providers = {{.name = "idp",
                          .title = "Company login",
                          .issuer = peer().issuer(),
                          .client_id = "videoforge",
                          .client_secret = "a client & its secret: +/=",
                          .role_claim = "groups",
                          .roles = {{"vf-admins", auth::Role::admin}},
                          .api_audience = kAudience}};
    options.call = [this](const auth::HttpAsk& ask) -> Result<auth::HttpSaid> {
      auto said = VF_TRY(net::call({ask.method, ask.url, ask.headers, ask.body}));
      if (ask.method == "POST") token_answer = said.body;
      return auth::HttpSaid{said.status, std::move(said.body)};
    };
    server = std::make_unique<AccountServer>(options);
    // The provider's clock is the real one.
    server->now = auth::wall_clock()();
    server->make_admin();
  }

  static std::string cookies(const Answer& answer) {
    std::string line;
    for (const auto& [name, value] : answer.headers.fields())
      if (name == "Set-Cookie") line += (line.empty() ? "" : "; ") + value.substr(0, value.find(';'));
    return line;
  }
  static std::string path_of(const std::string& url) {
    EXPECT_THAT(url, testing::StartsWith(kHost));
    return url.substr(std::string(kHost).size());
  }
  // The whole way of a browser, up to our answer to the callback.
  Answer sign_in(const std::string& name, const std::string& query = "") {
    const auto left = server->ask("GET", "/api/auth/oidc/login?provider=idp" + query);
    EXPECT_EQ(left.status, 303) << left.text;
    return come_back(name, std::string(left.headers.get("Location")), cookies(left));
  }
  Answer come_back(const std::string& name, const std::string& url, const std::string& cookie) {
    const auto arrived = test::Person(name).sign_in(url, peer().issuer());
    return server->ask("GET", path_of(arrived), nullptr, {{"Cookie", cookie}});
  }
  // With the session's cookie, as our page would.
  Answer session_of(const Answer& back) {
    const auto line = cookies(back);
    const auto csrf = line.substr(line.find("vf_csrf=") + 8, 43);
    return server->ask("POST", "/api/auth/refresh", nullptr, {{"Cookie", line}, {"X-CSRF-Token", csrf}});
  }
};

TEST_F(Oidc, ABrowserGoesThereAndComesBackSignedIn) {
  EXPECT_EQ(server->ask("GET", "/api/auth/oidc/providers").at("/items/0/title"), "Company login");
  const auto back = sign_in("marie", "&return=/watch/7?t=9");
  ASSERT_EQ(back.status, 303) << back.text;
  EXPECT_EQ(back.headers.get("Location"), "/watch/7?t=9");
  EXPECT_THAT(cookies(back), testing::Not(HasSubstr("access")));
  const auto session = session_of(back);
  ASSERT_EQ(session.status, 200) << session.text;
  EXPECT_EQ(session.at("/user/username"), "marie");
  EXPECT_EQ(session.at("/user/role"), "user");
  const auto info = server->ask("GET", "/api/auth/info", nullptr, server->bearer(session));
  EXPECT_EQ(info.at("/user/email"), "marie@example.org");
  const auto again = session_of(sign_in("marie"));
  EXPECT_EQ(again.at("/user/id"), session.at("/user/id")) << "one account, however often";
  EXPECT_EQ(server->login("marie", "").status, 401) << "there is no password";
}

TEST_F(Oidc, ClaimsMakeRoles) {
  EXPECT_EQ(session_of(sign_in("chief")).at("/user/role"), "admin");
  options.providers[0].default_role.reset();
  server->start(options);
  const auto refused = sign_in("paul");
  EXPECT_EQ(refused.status, 403);
  EXPECT_THAT(refused.at("/detail"), HasSubstr("no role"));
}

// A role of the provider's is the provider's: who left the group is no admin from the next sign-in on.
TEST_F(Oidc, WhoLeavesTheGroupLosesTheRole) {
  const auto chief = session_of(sign_in("chief"));
  ASSERT_EQ(chief.at("/user/role"), "admin");
  options.providers[0].roles = {{"others", auth::Role::admin}};
  server->start(options);
  EXPECT_EQ(session_of(sign_in("chief")).at("/user/role"), "user");
  EXPECT_EQ(server->ask("GET", "/api/admin/users", nullptr, server->bearer(chief)).status, 403) << "older sessions too";
  const auto boss = server->bearer(server->login("boss"));
  const auto log = server->ask("GET", "/api/admin/audit?action=user.role", nullptr, boss);
  EXPECT_EQ(log.at("/items/0/detail"), "admin to user, by idp");
  EXPECT_EQ(log.at("/items/0/outcome"), "ok");
  const auto made = server->ask("GET", "/api/admin/audit?action=user.create", nullptr, boss);
  EXPECT_EQ(made.at("/items/0/detail"), "role admin, by idp");
  EXPECT_EQ(made.at("/items/0/actor"), chief.at("/user/id"));
  // Without a role claim roles are set here.
  options.providers[0].role_claim.clear();
  server->start(options);
  const auto again = server->bearer(server->login("boss"));
  server->ask("PATCH", "/api/admin/users/" + chief.at("/user/id"), {{"role", "viewer"}}, again);
  EXPECT_EQ(session_of(sign_in("chief")).at("/user/role"), "viewer");
}

TEST_F(Oidc, WhoHasNoRoleAnyMoreIsShutOut) {
  const auto chief = session_of(sign_in("chief"));
  const auto key = server->ask("POST", "/api/keys", {{"name", "k"}}, server->bearer(chief));
  ASSERT_EQ(key.status, 201);
  options.providers[0].roles.clear();
  options.providers[0].default_role.reset();
  server->start(options);
  EXPECT_EQ(sign_in("chief").code(), "sign_in_refused");
  EXPECT_EQ(server->ask("GET", "/api/auth/info", nullptr, server->bearer(chief)).status, 401);
  EXPECT_EQ(server->ask("GET", "/api/auth/info", nullptr, server->key(key)).status, 401);
  const auto boss = server->bearer(server->login("boss"));
  EXPECT_EQ(server->ask("GET", "/api/admin/users/" + chief.at("/user/id"), nullptr, boss).at("/role"), "viewer");
}

TEST_F(Oidc, OnlyTheBrowserThatLeftComesBack) {
  const auto left = server->ask("GET", "/api/auth/oidc/login?provider=idp");
  const auto url = std::string(left.headers.get("Location"));
  EXPECT_THAT(url, HasSubstr("code_challenge_method=S256"));
  const auto arrived = path_of(test::Person("marie").sign_in(url, peer().issuer()));
  const auto other = server->ask("GET", "/api/auth/oidc/login?provider=idp");
  for (const auto& cookie : {std::string(), cookies(other), std::string("__Host-vf_oidc=v1.x.y")})
    EXPECT_EQ(server->ask("GET", arrived, nullptr, {{"Cookie", cookie}}).code(), "sign_in_refused") << cookie;
  const Sent mine{{"Cookie", cookies(left)}};
  auto mixed_up = arrived;
  const auto iss = mixed_up.find("iss=");
  ASSERT_NE(iss, std::string::npos);
  mixed_up.replace(iss, mixed_up.find('&', iss) - iss, "iss=https://other.example");
  EXPECT_EQ(server->ask("GET", mixed_up, nullptr, mine).code(), "sign_in_refused") << "another provider's answer";
  EXPECT_EQ(server->ask("GET", arrived, nullptr, mine).status, 303);
  EXPECT_EQ(server->ask("GET", arrived, nullptr, mine).status, 403) << "a code is good once";
  EXPECT_EQ(server->ask("GET", "/api/auth/oidc/callback?error=access_denied", nullptr, mine).status, 403);
  server->now += 11 * auth::kMinute;
  EXPECT_EQ(server->ask("GET", arrived, nullptr, mine).code(), "sign_in_refused") << "too late";
}

TEST_F(Oidc, NobodyIsSentElsewhere) {
  for (const auto* elsewhere : {"https://evil.example", "//evil.example", "/%5Cevil.example", "/%09/evil.example",
                                "evil", "/%0d%0aSet-Cookie:x"})
    EXPECT_EQ(server->ask("GET", std::string("/api/auth/oidc/login?provider=idp&return=") + elsewhere).status, 400)
        << elsewhere;
  EXPECT_EQ(server->ask("GET", "/api/auth/oidc/login?provider=other").status, 404);
}

TEST_F(Oidc, AnEqualAddressTakesNoAccountOver) {
  const auto local =
      server->ask("POST", "/api/auth/register",
                  {{"username", "eve"}, {"password", AccountServer::kPassword}, {"email", "eve@example.org"}});
  const auto session = session_of(sign_in("eve"));
  EXPECT_NE(session.at("/user/id"), local.at("/user/id"));
  EXPECT_THAT(session.at("/user/username"), testing::MatchesRegex("eve-[a-z0-9]{4}"));
}

TEST_F(Oidc, AnAccountIsLinkedByItsOwner) {
  server->make_user("lena");
  const auto in = server->login("lena");
  const auto left =
      server->ask("POST", "/api/auth/oidc/link", {{"provider", "idp"}, {"returnTo", "/settings"}}, server->bearer(in));
  ASSERT_EQ(left.status, 200) << left.text;
  EXPECT_EQ(come_back("lena-at-work", left.at("/url"), cookies(left)).headers.get("Location"), "/settings");
  EXPECT_EQ(session_of(sign_in("lena-at-work")).at("/user/username"), "lena");
  server->make_user("mallory");
  const auto theirs =
      server->ask("POST", "/api/auth/oidc/link", {{"provider", "idp"}}, server->bearer(server->login("mallory")));
  EXPECT_EQ(come_back("lena-at-work", theirs.at("/url"), cookies(theirs)).code(), "sign_in_refused");
}

TEST_F(Oidc, AccessTokensOfTheIssuerOpenTheDoorAndIdTokensDoNot) {
  sign_in("marie");
  const auto tokens = parse_json(token_answer)->get_object();
  const auto with = [&](std::string_view name) {
    return server->ask("GET", "/api/auth/info", nullptr,
                       {{"Authorization", "Bearer " + std::string(tokens.at(name).as_string())}});
  };
  EXPECT_EQ(with("access_token").at("/user/username"), "marie");
  EXPECT_EQ(with("id_token").status, 401);
  options.providers[0].api_audience = "https://another.example";
  server->start(options);
  EXPECT_EQ(with("access_token").code(), "invalid_token");
  options.providers[0].api_audience.clear();
  server->start(options);
  EXPECT_EQ(with("access_token").code(), "invalid_token") << "only where it is configured";
}

TEST_F(Oidc, AccessTokensOfTheIssuerMakeNoAccountAndRaiseNobody) {
  const auto at_another = session_of(sign_in("chief"));
  ASSERT_EQ(at_another.status, 200);
  const auto token = std::string(parse_json(token_answer)->at("access_token").as_string());
  const Sent sent{{"Authorization", "Bearer " + token}};
  // The token says nothing of groups: it acts as the default role, though the account is an admin's.
  EXPECT_EQ(server->ask("GET", "/api/auth/info", nullptr, sent).at("/role"), "user");
  EXPECT_EQ(server->ask("GET", "/api/admin/users", nullptr, sent).status, 403);
  server = std::make_unique<AccountServer>(options);
  server->now = auth::wall_clock()();
  const auto boss = server->make_admin();
  const auto refused = server->ask("GET", "/api/auth/info", nullptr, sent);
  EXPECT_EQ(refused.code(), "invalid_token");
  EXPECT_THAT(refused.at("/detail"), HasSubstr("sign in once"));
  EXPECT_EQ(server->ask("GET", "/api/admin/users", nullptr, server->key(boss)).body.at("items").as_array().size(), 1u);
}

TEST_F(Oidc, AnEmptyServerIsNotOpenedThisWay) {
  server = std::make_unique<AccountServer>(options);
  server->now = auth::wall_clock()();
  EXPECT_THAT(sign_in("marie").at("/detail"), HasSubstr("one-time token"));
}

}  // namespace
}  // namespace vf::http
