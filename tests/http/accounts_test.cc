// Accounts as a client meets them: registering, signing in, staying in, keys, second factor, admins.
#include <thread>

#include "auth/totp.h"
#include "http/accounts_server.h"
#include "store/sqlite/sqlite_videos.h"

namespace vf::http {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

struct AccountsTest : testing::Test {
  AccountServer server{AccountServer::without_limits()};
};

TEST_F(AccountsTest, OnAnEmptyServerOnlyTheBootstrapTokenOpens) {
  const auto refused = server.make_user("stranger");
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(refused.code(), "bootstrap_token_required");
  EXPECT_THAT(refused.at("/detail"), HasSubstr("one-time token"));
  EXPECT_EQ(server
                .ask("POST", "/api/auth/register",
                     {{"username", "boss"}, {"password", AccountServer::kPassword}, {"bootstrapToken", "x"}})
                .status,
            403);
  EXPECT_EQ(server.ask("GET", "/api/videos").status, 401);
  EXPECT_EQ(server.ask("GET", "/api/admin/users").status, 401);
  const auto boss = server.make_admin();
  EXPECT_EQ(boss.status, 201) << boss.text;
  EXPECT_EQ(boss.at("/user/role"), "admin");
  EXPECT_EQ(server.ask("GET", "/api/admin/users", nullptr, server.key(boss)).status, 200) << "the first key works";
  const auto late = server.make_admin("boss2");
  EXPECT_EQ(late.status, 409) << "good once";
  EXPECT_THAT(late.at("/detail"), HasSubstr("without bootstrapToken"));
  server.start(AccountServer::without_limits());
  EXPECT_EQ(server.accounts->bootstrap_token(), "");
}

TEST_F(AccountsTest, ARoleInARegistrationCountsOnlyFromAnAdmin) {
  const auto boss = server.make_admin();
  const json::object wish{{"username", "eve"}, {"password", AccountServer::kPassword}, {"role", "admin"}};
  EXPECT_EQ(server.ask("POST", "/api/auth/register", wish).at("/user/role"), "user");
  auto again = wish;
  again["username"] = "eve2";
  const auto eve = server.login("eve");
  EXPECT_EQ(server.ask("POST", "/api/auth/register", again, server.bearer(eve)).at("/user/role"), "user");
  again["username"] = "second";
  EXPECT_EQ(server.ask("POST", "/api/auth/register", again, server.key(boss)).code(), "session_required");
  EXPECT_EQ(server.ask("POST", "/api/auth/register", again, server.bearer(server.login("boss"))).at("/user/role"),
            "admin");
  // Mass assignment: what registration does not know is refused, not stored.
  again["disabled"] = false;
  EXPECT_EQ(server.ask("POST", "/api/auth/register", again).at("/errors/0/pointer"), "/disabled");
}

TEST_F(AccountsTest, WrongWishesAreNamedByTheirPlace) {
  server.make_admin();
  const auto refused = [&](json::object body) {
    const auto answer = server.ask("POST", "/api/auth/register", body);
    EXPECT_EQ(answer.status, 400) << answer.text;
    return answer.at("/errors/0/pointer");
  };
  EXPECT_EQ(refused({{"username", "marie"}}), "/password");
  EXPECT_EQ(refused({{"username", "marie"}, {"password", "password123"}}), "/password");
  EXPECT_EQ(refused({{"username", "m\xd0\xb0rie"}, {"password", AccountServer::kPassword}}), "/username")
      << "Cyrillic a";
  EXPECT_EQ(refused({{"username", "../etc"}, {"password", AccountServer::kPassword}}), "/username");
  EXPECT_EQ(refused({{"username", "marie"}, {"password", AccountServer::kPassword}, {"email", "a@b\r\nBcc: x@y"}}),
            "/email");
  EXPECT_EQ(server.make_user("BOSS").status, 409);
  EXPECT_EQ(server.ask("POST", "/api/auth/login", {{"username", 1}, {"password", "x"}}).at("/errors/0/pointer"),
            "/username");
}

TEST_F(AccountsTest, RegistrationByInvitationOrNotAtAll) {
  const auto boss = server.make_admin();
  auto options = AccountServer::without_limits();
  options.registration = Registration::invitation;
  server.start(options);
  EXPECT_EQ(server.make_user("marie").code(), "invitation_required");
  const auto made =
      server.ask("POST", "/api/admin/invitations", {{"role", "viewer"}, {"note", "for Marie"}}, server.key(boss));
  ASSERT_EQ(made.status, 201);
  const json::object wish{
      {"username", "marie"}, {"password", AccountServer::kPassword}, {"invitation", made.at("/token")}};
  EXPECT_EQ(server.ask("POST", "/api/auth/register", wish).at("/user/role"), "viewer");
  auto again = wish;
  again["username"] = "paul";
  EXPECT_EQ(server.ask("POST", "/api/auth/register", again).status, 404) << "good once";
  options.registration = Registration::closed;
  server.start(options);
  EXPECT_EQ(server.make_user("paul").code(), "registration_closed");
  EXPECT_EQ(server
                .ask("POST", "/api/auth/register", {{"username", "paul"}, {"password", AccountServer::kPassword}},
                     server.key(boss))
                .status,
            201);
}

TEST_F(AccountsTest, WhoIsThereIsNotToldBySigningIn) {
  server.make_admin();
  server.make_user("marie");
  const auto wrong = server.login("marie", "not her password");
  const auto unknown = server.login("nobody", "not her password");
  EXPECT_EQ(wrong.status, 401);
  EXPECT_EQ(wrong.without_correlation(), unknown.without_correlation());
  const auto boss = server.login("boss");
  const auto id = server.ask("GET", "/api/admin/users?q=marie", nullptr, server.bearer(boss)).at("/items/0/id");
  server.ask("PATCH", "/api/admin/users/" + id, {{"disabled", true}}, server.bearer(boss));
  EXPECT_EQ(server.login("marie").without_correlation(), unknown.without_correlation()) << "a disabled account";
}

TEST_F(AccountsTest, ASessionIsWhatItsUserIsAtThisMoment) {
  server.make_admin();
  server.make_user("marie");
  const auto boss = server.login("boss"), marie = server.login("MARIE");
  ASSERT_EQ(marie.status, 200) << marie.text;
  EXPECT_EQ(marie.at("/expiresIn"), "900");
  const auto info = server.ask("GET", "/api/auth/info", nullptr, server.bearer(marie));
  EXPECT_EQ(info.at("/user/username"), "marie");
  EXPECT_EQ(info.at("/via"), "session");
  EXPECT_THAT(info.text, HasSubstr("trigger:pipeline"));
  EXPECT_THAT(info.text, Not(HasSubstr("argon2")));
  const auto me = "/api/admin/users/" + info.at("/user/id");
  EXPECT_EQ(server.ask("POST", "/api/videos", nullptr, server.bearer(marie)).status, 200);
  server.ask("PATCH", me, {{"role", "viewer"}}, server.bearer(boss));
  EXPECT_EQ(server.ask("POST", "/api/videos", nullptr, server.bearer(marie)).code(), "forbidden") << "at once";
  EXPECT_EQ(server.ask("GET", "/api/videos", nullptr, server.bearer(marie)).status, 200);
  server.ask("PATCH", me, {{"disabled", true}}, server.bearer(boss));
  EXPECT_EQ(server.ask("GET", "/api/videos", nullptr, server.bearer(marie)).code(), "invalid_token");
  EXPECT_EQ(server.refresh(marie.at("/refreshToken")).status, 401);
}

TEST_F(AccountsTest, AnAccessTokenEndsAfterFifteenMinutesAndIsRenewed) {
  server.make_admin();
  const auto first = server.login("boss");
  server.now += 15 * auth::kMinute - 1;
  EXPECT_EQ(server.ask("GET", "/api/videos", nullptr, server.bearer(first)).status, 200);
  server.now += 1;
  const auto over = server.ask("GET", "/api/videos", nullptr, server.bearer(first));
  EXPECT_EQ(over.status, 401);
  EXPECT_THAT(over.headers.get("WWW-Authenticate"), HasSubstr("invalid_token"));
  const auto second = server.refresh(first.at("/refreshToken"));
  ASSERT_EQ(second.status, 200);
  EXPECT_EQ(server.ask("GET", "/api/videos", nullptr, server.bearer(second)).status, 200);
  EXPECT_EQ(second.at("/sessionId"), first.at("/sessionId"));
}

TEST_F(AccountsTest, AReplayedRefreshTokenEndsTheWholeFamily) {
  server.make_admin();
  const auto first = server.login("boss");
  const auto other = server.login("boss");
  const auto second = server.refresh(first.at("/refreshToken"));
  const auto third = server.refresh(second.at("/refreshToken"));
  ASSERT_EQ(third.status, 200);
  const auto replayed = server.refresh(first.at("/refreshToken"));
  EXPECT_EQ(replayed.status, 401);
  EXPECT_EQ(replayed.code(), "refresh_token_reused");
  EXPECT_EQ(server.refresh(third.at("/refreshToken")).code(), "invalid_refresh_token");
  EXPECT_EQ(server.ask("GET", "/api/videos", nullptr, server.bearer(third)).status, 401) << "access tokens too";
  EXPECT_EQ(server.refresh(other.at("/refreshToken")).status, 200) << "the other device stays in";
  EXPECT_EQ(server.refresh("vfr_made-up").code(), "invalid_refresh_token");
}

TEST_F(AccountsTest, ManyTabsThatRefreshAtOnceStaySignedIn) {
  server.make_admin();
  auto token = server.login("boss").at("/refreshToken");
  for (int round = 0; round < 5; ++round) {
    std::vector<Answer> answers(8);
    {
      std::vector<std::jthread> tabs;
      for (auto& answer : answers) tabs.emplace_back([&] { answer = server.refresh(token); });
    }
    for (const auto& answer : answers) {
      ASSERT_EQ(answer.status, 200) << answer.text;
      EXPECT_EQ(answer.at("/refreshToken"), answers.front().at("/refreshToken"));
    }
    token = answers.front().at("/refreshToken");
    server.now += 60 * auth::kSecond;
  }
}

// The thief has the token before the owner uses it again; whoever comes second ends the session.
TEST_F(AccountsTest, AStolenRefreshTokenIsFoundOut) {
  server.make_admin();
  const auto owner = server.login("boss");
  server.peer = "203.0.113.66";
  const auto thief = server.refresh(owner.at("/refreshToken"));
  EXPECT_EQ(thief.status, 200);
  server.peer = "192.0.2.1";
  EXPECT_EQ(server.refresh(owner.at("/refreshToken")).code(), "refresh_token_reused") << "within seconds, elsewhere";
  EXPECT_EQ(server.ask("GET", "/api/videos", nullptr, server.bearer(thief)).status, 401);
  const auto log =
      server.ask("GET", "/api/admin/audit?action=session.replay", nullptr, server.bearer(server.login("boss")));
  EXPECT_EQ(log.at("/items/0/outcome"), "refused");
}

TEST_F(AccountsTest, SigningOutMeansIt) {
  server.make_admin();
  const auto one = server.login("boss"), two = server.login("boss"), three = server.login("boss");
  EXPECT_EQ(server.ask("POST", "/api/auth/logout", {{"refreshToken", one.at("/refreshToken")}}).status, 204);
  EXPECT_EQ(server.ask("GET", "/api/auth/info", nullptr, server.bearer(one)).status, 401);
  EXPECT_EQ(server.ask("POST", "/api/auth/logout", {{"refreshToken", one.at("/refreshToken")}}).status, 204) << "twice";
  const auto list = server.ask("GET", "/api/auth/sessions", nullptr, server.bearer(two));
  EXPECT_EQ(list.body.at("items").as_array().size(), 2u);
  EXPECT_EQ(server.ask("DELETE", "/api/auth/sessions/" + three.at("/sessionId"), nullptr, server.bearer(two)).status,
            204);
  EXPECT_EQ(server.ask("GET", "/api/auth/info", nullptr, server.bearer(three)).status, 401);
  const auto four = server.login("boss");
  EXPECT_EQ(server.ask("DELETE", "/api/auth/sessions?except=current", nullptr, server.bearer(two)).at("/ended"), "1");
  EXPECT_EQ(server.ask("GET", "/api/auth/info", nullptr, server.bearer(four)).status, 401);
  EXPECT_EQ(server.ask("GET", "/api/auth/info", nullptr, server.bearer(two)).status, 200);
  EXPECT_EQ(server.ask("POST", "/api/auth/logout", nullptr, server.bearer(two)).status, 204) << "by the access token";
  EXPECT_EQ(server.ask("GET", "/api/auth/info", nullptr, server.bearer(two)).status, 401);
}

TEST_F(AccountsTest, ASessionOfSomebodyElseIsAsAbsentAsNone) {
  server.make_admin();
  server.make_user("marie");
  const auto boss = server.login("boss"), marie = server.login("marie");
  const auto theirs =
      server.ask("DELETE", "/api/auth/sessions/" + boss.at("/sessionId"), nullptr, server.bearer(marie));
  const auto none =
      server.ask("DELETE", "/api/auth/sessions/0199aaaa-0000-7000-8000-000000000000", nullptr, server.bearer(marie));
  EXPECT_EQ(theirs.status, 404);
  EXPECT_EQ(theirs.without_correlation(), none.without_correlation());
  EXPECT_EQ(server.ask("GET", "/api/auth/info", nullptr, server.bearer(boss)).status, 200);
}

TEST_F(AccountsTest, RotatingTheSigningKeySignsNobodyOut) {
  server.make_admin();
  const auto before = server.login("boss");
  ASSERT_TRUE(server.accounts->server_keys().rotate_signing_key());
  const auto after = server.login("boss");
  EXPECT_EQ(server.ask("GET", "/api/videos", nullptr, server.bearer(before)).status, 200);
  EXPECT_EQ(server.ask("GET", "/api/videos", nullptr, server.bearer(after)).status, 200);
  auto jwks = server.ask("GET", "/api/auth/jwks.json");
  ASSERT_EQ(jwks.body.at("keys").as_array().size(), 2u);
  EXPECT_THAT(jwks.text, Not(HasSubstr("\"d\"")));
  server.start(AccountServer::without_limits());
  EXPECT_EQ(server.ask("GET", "/api/videos", nullptr, server.bearer(before)).status, 200) << "and over a restart";
  server.now += 20 * auth::kMinute;
  ASSERT_TRUE(server.accounts->tend());
  EXPECT_EQ(server.ask("GET", "/api/auth/jwks.json").body.at("keys").as_array().size(), 1u);
  server.now += 90 * auth::kDay;
  ASSERT_TRUE(server.accounts->tend());
  EXPECT_EQ(server.ask("GET", "/api/auth/jwks.json").body.at("keys").as_array().size(), 2u) << "rotated by itself";
}

TEST_F(AccountsTest, AChangedPasswordEndsTheOtherSessions) {
  const auto made = server.make_admin();
  const auto here = server.login("boss"), there = server.login("boss");
  const json::object change{{"currentPassword", AccountServer::kPassword}, {"newPassword", "seven grey lanterns"}};
  EXPECT_EQ(server.ask("POST", "/api/auth/password", change, server.key(made)).code(), "session_required");
  auto wrong = change;
  wrong["currentPassword"] = "guess";
  EXPECT_EQ(server.ask("POST", "/api/auth/password", wrong, server.bearer(here)).code(), "wrong_password");
  auto weak = change;
  weak["newPassword"] = "password1234";
  EXPECT_EQ(server.ask("POST", "/api/auth/password", weak, server.bearer(here)).at("/errors/0/pointer"),
            "/newPassword");
  EXPECT_EQ(server.ask("POST", "/api/auth/password", change, server.bearer(here)).status, 204);
  EXPECT_EQ(server.ask("GET", "/api/auth/info", nullptr, server.bearer(there)).status, 401);
  EXPECT_EQ(server.ask("GET", "/api/auth/info", nullptr, server.bearer(here)).status, 200);
  EXPECT_EQ(server.login("boss").status, 401);
  EXPECT_EQ(server.login("boss", "seven grey lanterns").status, 200);
}

TEST_F(AccountsTest, AnAdminLetsSomebodySetANewPassword) {
  server.make_admin();
  const auto marie = server.make_user("marie");
  const auto in = server.login("marie");
  const auto ticket = server.ask("POST", "/api/admin/users/" + marie.at("/user/id") + "/password-reset", nullptr,
                                 server.bearer(server.login("boss")));
  ASSERT_EQ(ticket.status, 201);
  const json::object reset{{"token", ticket.at("/token")}, {"newPassword", "seven grey lanterns"}};
  EXPECT_EQ(
      server.ask("POST", "/api/auth/password/reset", {{"token", "x"}, {"newPassword", "seven grey lanterns"}}).status,
      403);
  EXPECT_EQ(server.ask("POST", "/api/auth/password/reset", reset).status, 204);
  EXPECT_EQ(server.ask("POST", "/api/auth/password/reset", reset).code(), "invalid_reset_token");
  EXPECT_EQ(server.ask("GET", "/api/auth/info", nullptr, server.bearer(in)).status, 401);
  EXPECT_EQ(server.login("marie", "seven grey lanterns").status, 200);
}

TEST_F(AccountsTest, AForgottenPasswordIsResetByATokenThatIsMailed) {
  server.make_admin();
  const auto marie =
      server.ask("POST", "/api/auth/register",
                 {{"username", "marie"}, {"password", AccountServer::kPassword}, {"email", "Marie@example.com"}});
  const auto in = server.login("marie");
  const auto forgot = [&](const char* email) {
    return server.ask("POST", "/api/auth/password/forgot", {{"email", email}});
  };
  const auto known = forgot("marie@example.com");
  EXPECT_EQ(known.status, 202);
  EXPECT_EQ(known.text, forgot("nobody@example.com").text) << "who is there is not told";
  EXPECT_EQ(forgot("no address").at("/errors/0/pointer"), "/email");
  forgot("marie@example.com");  // at once again: no second message
  store::SqliteEventLog log(*server.db->pool);
  const auto events = *log.after(marie.at("/user/id"), 0, 10);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].type, auth::Users::kResetAsked);
  const auto& data = events[0].data.as_object();
  EXPECT_EQ(data.at("address").as_string(), "Marie@example.com");
  const auto token = server.accounts->users().mailed_token(std::string(data.at("ticketId").as_string()));
  EXPECT_THAT(dump(events[0].data), Not(HasSubstr(token)));
  const json::object reset{{"token", token}, {"newPassword", "seven grey lanterns"}};
  EXPECT_EQ(server.ask("POST", "/api/auth/password/reset", reset).status, 204);
  EXPECT_EQ(server.ask("POST", "/api/auth/password/reset", reset).code(), "invalid_reset_token") << "good once";
  EXPECT_EQ(server.ask("GET", "/api/auth/info", nullptr, server.bearer(in)).status, 401) << "sessions ended";
  EXPECT_EQ(server.login("marie", "seven grey lanterns").status, 200);
  // In time only; and what is written for unknown addresses opens nothing.
  server.now += auth::kHour;
  forgot("marie@example.com");
  const auto later = *log.after(marie.at("/user/id"), 1, 10);
  ASSERT_EQ(later.size(), 1u);
  server.now += 2 * auth::kHour;
  const auto late = server.accounts->users().mailed_token(std::string(later[0].data.at("ticketId").as_string()));
  EXPECT_EQ(
      server.ask("POST", "/api/auth/password/reset", {{"token", late}, {"newPassword", "eight grey lanterns"}}).status,
      403);
}

struct SecondFactorTest : AccountsTest {
  Answer in;
  std::string secret;
  std::vector<std::string> recovery;

  std::string code() { return server.app_code(secret); }
  Answer own(const std::string& method, const std::string& path, const json::value& body) {
    return server.ask(method, path, body, server.bearer(in));
  }
  void SetUp() override {
    server.make_admin();
    in = server.login("boss");
    EXPECT_EQ(own("POST", "/api/auth/mfa/enroll", {{"password", "wrong"}}).code(), "wrong_password");
    const auto enrolment = own("POST", "/api/auth/mfa/enroll", {{"password", AccountServer::kPassword}});
    secret = enrolment.at("/secret");
    EXPECT_THAT(enrolment.at("/otpauthUri"), HasSubstr("otpauth://totp/VideoForge:boss?secret=" + secret));
    EXPECT_EQ(server.login("boss").status, 200) << "what was not confirmed does not count";
    EXPECT_EQ(own("POST", "/api/auth/mfa/verify", {{"code", "000000"}}).status, 403);
    const auto verified = own("POST", "/api/auth/mfa/verify", {{"code", code()}});
    ASSERT_EQ(verified.status, 200) << verified.text;
    for (const auto& one : verified.body.at("recoveryCodes").as_array()) recovery.emplace_back(one.as_string());
    server.now += 30 * auth::kSecond;
  }
};

TEST_F(SecondFactorTest, SigningInAsksForACodeThatIsGoodOnce) {
  EXPECT_EQ(server.login("boss").code(), "second_factor_required");
  EXPECT_EQ(server.login("boss", "wrong password").code(), "invalid_credentials") << "the password comes first";
  EXPECT_EQ(server.login("boss", AccountServer::kPassword, "123").code(), "second_factor_wrong");
  const auto now = code();
  EXPECT_EQ(server.login("boss", AccountServer::kPassword, now).status, 200);
  EXPECT_EQ(server.login("boss", AccountServer::kPassword, now).code(), "second_factor_wrong") << "replayed";
  server.now += 30 * auth::kSecond;
  EXPECT_EQ(server.login("boss", AccountServer::kPassword, code()).status, 200);
}

TEST_F(SecondFactorTest, RecoveryCodesWorkOnceEach) {
  ASSERT_EQ(recovery.size(), 10u);
  EXPECT_EQ(server.login("boss", AccountServer::kPassword, recovery[0]).status, 200);
  EXPECT_EQ(server.login("boss", AccountServer::kPassword, recovery[0]).status, 401);
  EXPECT_EQ(own("GET", "/api/auth/info", nullptr).at("/recoveryCodesLeft"), "9");
}

TEST_F(SecondFactorTest, ItIsTakenAwayWithPasswordAndCodeOrByAnAdmin) {
  EXPECT_EQ(own("POST", "/api/auth/mfa/enroll", {{"password", AccountServer::kPassword}}).status, 409);
  EXPECT_EQ(own("DELETE", "/api/auth/mfa", {{"password", AccountServer::kPassword}, {"code", "000000"}}).status, 403);
  EXPECT_EQ(own("DELETE", "/api/auth/mfa", {{"password", AccountServer::kPassword}, {"code", code()}}).status, 204);
  EXPECT_EQ(server.login("boss").status, 200);
  EXPECT_EQ(own("DELETE", "/api/admin/users/" + own("GET", "/api/auth/info", nullptr).at("/user/id") + "/mfa", nullptr)
                .status,
            204);
}

// The old line of the key file is gone: only what was sealed anew can still be read.
TEST_F(SecondFactorTest, TheKeyFileIsRotatedWithoutALoss) {
  const auto file = server.db->folder / "secret.key";
  const auto before = *read_whole(file, 4096);
  ASSERT_TRUE(auth::SecretBox::rotate(file));  // while the server runs
  EXPECT_EQ(*server.accounts->reseal(), 3) << "the root, one signing key, one second factor";
  EXPECT_EQ(*server.accounts->reseal(), 0);
  ASSERT_TRUE(auth::SecretBox::drop_old(file));
  EXPECT_EQ(server.login("boss", AccountServer::kPassword, code()).status, 200) << "without a new start";
  server.now += 60'000;
  const auto old = *auth::SecretBox::from_text(before);
  EXPECT_FALSE(old.unseal(server.db->secrets->list("root")->front().sealed, "server secret root")) << "refused";
  server.start(AccountServer::without_limits());
  EXPECT_EQ(server.login("boss", AccountServer::kPassword, code()).status, 200);
  EXPECT_EQ(own("GET", "/api/auth/info", nullptr).status, 200) << "and the sessions stay";
}

struct KeysTest : AccountsTest {
  Answer boss, marie;
  Sent in;
  void SetUp() override {
    boss = server.make_admin();
    marie = server.make_user("marie");
    in = server.bearer(server.login("marie"));
  }
  Answer make(const json::object& wish) { return server.ask("POST", "/api/keys", wish, in); }
};

TEST_F(KeysTest, AKeyIsShownOnceAndActsForItsOwner) {
  const auto made = make({{"name", "ci"}});
  ASSERT_EQ(made.status, 201) << made.text;
  EXPECT_THAT(made.at("/key"), testing::MatchesRegex("vf_[a-z0-9]{10}_[A-Za-z0-9_-]{43}"));
  EXPECT_THAT(made.at("/key"), testing::StartsWith(made.at("/prefix") + "_"));
  const auto path = std::string(made.headers.get("Location"));
  const auto shown = server.ask("GET", path, nullptr, in);
  EXPECT_EQ(shown.at("/name"), "ci");
  EXPECT_THAT(shown.text, Not(HasSubstr(made.at("/key").substr(14))));
  EXPECT_EQ(shown.at("/lastUsedAt"), "null");
  EXPECT_EQ(server.ask("POST", "/api/videos", nullptr, server.key(made)).at("/who"), "marie");
  EXPECT_EQ(server.ask("GET", path, nullptr, in).at("/lastUsedFrom"), "192.0.2.1");
  EXPECT_EQ(server.ask("GET", "/api/admin/users", nullptr, server.key(made)).status, 403);
  EXPECT_EQ(server.ask("DELETE", path, nullptr, in).status, 204);
  EXPECT_EQ(server.ask("GET", "/api/videos", nullptr, server.key(made)).code(), "invalid_api_key") << "at once";
  EXPECT_EQ(server.ask("GET", path, nullptr, in).status, 404);
}

TEST_F(KeysTest, WrongKeysAreAllTheSame) {
  const auto made = make({{"name", "ci"}});
  const auto good = made.at("/key");
  const auto answer = [&](const std::string& key) {
    return server.ask("GET", "/api/videos", nullptr, {{"x-api-key", key}}).without_correlation();
  };
  const auto unknown = answer("vf_aaaaaaaaaa_" + std::string(43, 'A'));
  EXPECT_THAT(unknown, HasSubstr("401"));
  auto changed = good;
  changed.back() = changed.back() == 'A' ? 'B' : 'A';
  for (const auto& wrong :
       {changed, good + "A", good.substr(0, 20), std::string("x"), std::string(), std::string(10'000, 'v')})
    EXPECT_EQ(answer(wrong), unknown) << wrong.substr(0, 80);
}

TEST_F(KeysTest, ScopesRolesAndExpiryHold) {
  const auto reads = make({{"name", "r"}, {"scopes", json::array{"read:videos"}}});
  EXPECT_EQ(server.ask("GET", "/api/videos", nullptr, server.key(reads)).status, 200);
  EXPECT_EQ(server.ask("POST", "/api/videos", nullptr, server.key(reads)).code(), "insufficient_scope");
  const auto views = make({{"name", "v"}, {"role", "viewer"}});
  EXPECT_EQ(server.ask("POST", "/api/videos", nullptr, server.key(views)).code(), "forbidden");
  EXPECT_EQ(make({{"name", "a"}, {"role", "admin"}}).at("/errors/0/pointer"), "/role");
  EXPECT_EQ(make({{"name", "a"}, {"scopes", json::array{"read:videos", "administer"}}}).at("/errors/0/pointer"),
            "/scopes/1");
  EXPECT_EQ(make({{"name", "a"}, {"scopes", json::array{"fly"}}}).at("/errors/0/pointer"), "/scopes/0");
  EXPECT_EQ(make({{"name", ""}}).at("/errors/0/pointer"), "/name");
  EXPECT_EQ(make({{"name", "a"}, {"expiresAt", "2020-01-01T00:00:00Z"}}).at("/errors/0/pointer"), "/expiresAt");
  EXPECT_EQ(make({{"name", "a"}, {"expiresAt", "tomorrow"}}).at("/errors/0/pointer"), "/expiresAt");
  const auto short_lived = make({{"name", "s"}, {"expiresAt", "2027-01-15T08:00:10Z"}});  // in ten seconds
  EXPECT_EQ(server.ask("GET", "/api/videos", nullptr, server.key(short_lived)).status, 200);
  server.now += 10 * auth::kSecond;
  EXPECT_EQ(server.ask("GET", "/api/videos", nullptr, server.key(short_lived)).status, 401);
}

TEST_F(KeysTest, AKeyWorksOnlyFromItsRanges) {
  const auto made = make({{"name", "r"}, {"allowedCidrs", json::array{"10.1.0.0/16", "2001:db8::/33"}}});
  EXPECT_EQ(made.at("/allowedCidrs"), R"(["10.1.0.0/16","2001:db8::/33"])");
  const std::pair<const char*, int> table[] = {
      {"10.1.0.0", 200},         {"10.1.255.255", 200},
      {"10.2.0.0", 403},         {"10.0.255.255", 403},
      {"::ffff:10.1.2.3", 200},  {"::ffff:a01:203", 200},
      {"::ffff:10.2.0.1", 403},  {"2001:db8::1", 200},
      {"2001:db8:7fff::1", 200}, {"2001:db8:8000::1", 403},
      {"::10.1.2.3", 403},       {"::1", 403},
      {"127.0.0.1", 403},        {"", 403},
  };
  for (const auto& [peer, status] : table) {
    server.peer = peer;
    EXPECT_EQ(server.ask("GET", "/api/videos", nullptr, server.key(made)).status, status) << peer;
  }
  server.peer = "192.0.2.1";
  EXPECT_EQ(server.ask("GET", "/api/videos", nullptr, server.key(made)).code(), "address_not_allowed");
  EXPECT_EQ(make({{"name", "r"}, {"allowedCidrs", json::array{"10.0.0.0/33"}}}).at("/errors/0/pointer"),
            "/allowedCidrs/0");
  const auto log = server.ask("GET", "/api/admin/audit?action=key.use", nullptr, server.key(boss));
  EXPECT_EQ(log.at("/items/0/outcome"), "refused");
}

TEST_F(KeysTest, RotationLeavesTimeToChangeOver) {
  const auto old = make({{"name", "ci"}});
  const auto path = "/api/keys/" + old.at("/id");
  const auto renewed = server.ask("POST", path + "/rotate", {{"overlapSeconds", 60}}, in);
  ASSERT_EQ(renewed.status, 200) << renewed.text;
  EXPECT_EQ(renewed.at("/prefix"), old.at("/prefix"));
  EXPECT_EQ(server.ask("GET", "/api/videos", nullptr, server.key(old)).status, 200);
  EXPECT_EQ(server.ask("GET", "/api/videos", nullptr, server.key(renewed)).status, 200);
  server.now += 60 * auth::kSecond;
  EXPECT_EQ(server.ask("GET", "/api/videos", nullptr, server.key(old)).status, 401);
  EXPECT_EQ(server.ask("GET", "/api/videos", nullptr, server.key(renewed)).status, 200);
  EXPECT_EQ(server.ask("POST", path + "/rotate", {{"overlapSeconds", -1}}, in).at("/errors/0/pointer"),
            "/overlapSeconds");
  EXPECT_EQ(server.ask("POST", path + "/rotate", {{"overlapSeconds", 9'000'000'000'000'000'000}}, in).status, 400);
}

TEST_F(KeysTest, AKeyMakesNoStrongerKey) {
  const auto limited = make({{"name", "maker"},
                             {"scopes", json::array{"write:keys", "read:keys", "read:videos"}},
                             {"allowedCidrs", json::array{"192.0.2.0/24"}},
                             {"expiresAt", "2028-01-01T00:00:00Z"}});
  const auto by_key = [&](const std::string& method, const std::string& path, const json::value& body) {
    return server.ask(method, path, body, server.key(limited));
  };
  EXPECT_EQ(by_key("POST", "/api/keys", {{"name", "x"}}).status, 400) << "all scopes";
  EXPECT_EQ(by_key("POST", "/api/keys", {{"name", "x"}, {"scopes", json::array{"write:videos"}}}).status, 400);
  const auto child = by_key("POST", "/api/keys", {{"name", "x"}, {"scopes", json::array{"read:videos"}}});
  EXPECT_EQ(child.at("/allowedCidrs"), R"(["192.0.2.0/24"])");
  EXPECT_EQ(child.at("/expiresAt"), "2028-01-01T00:00:00.000Z");
  EXPECT_EQ(by_key("POST", "/api/keys",
                   {{"name", "x"}, {"scopes", json::array{"read:videos"}}, {"allowedCidrs", json::array{"0.0.0.0/0"}}})
                .status,
            400);
  EXPECT_EQ(by_key("POST", "/api/keys/" + marie.at("/apiKey/id") + "/rotate", nullptr).status, 409)
      << "the full key's secret";
  EXPECT_EQ(by_key("PATCH", "/api/keys/" + limited.at("/id"), {{"scopes", json::array{}}}).status, 409);
}

TEST_F(KeysTest, AKeyOfSomebodyElseIsAsAbsentAsNone) {
  const auto path = "/api/keys/" + boss.at("/apiKey/id");
  const std::string none = "/api/keys/0199aaaa-0000-7000-8000-000000000000";
  for (const auto& [method, tail] : {std::pair("GET", ""), std::pair("DELETE", ""), std::pair("POST", "/rotate")}) {
    const auto theirs = server.ask(method, path + tail, nullptr, in);
    EXPECT_EQ(theirs.status, 404) << method;
    EXPECT_EQ(theirs.without_correlation(), server.ask(method, none + tail, nullptr, in).without_correlation());
  }
  EXPECT_EQ(server.ask("PATCH", path, {{"name", "mine"}}, in).status, 404);
  EXPECT_EQ(server.ask("GET", "/api/videos", nullptr, server.key(boss)).status, 200);
}

TEST_F(KeysTest, ListsComeInPages) {
  for (int i = 0; i < 4; ++i) make({{"name", "k" + std::to_string(i)}});
  const auto first = server.ask("GET", "/api/keys?limit=3", nullptr, in);
  EXPECT_EQ(first.body.at("items").as_array().size(), 3u);
  EXPECT_EQ(
      server.ask("GET", "/api/keys?cursor=" + first.at("/nextCursor"), nullptr, in).body.at("items").as_array().size(),
      2u);
  for (const auto* wrong : {"0", "101", "-1", "1e1", "x", "99999999999999999999"})
    EXPECT_EQ(server.ask("GET", "/api/keys?limit=" + std::string(wrong), nullptr, in).status, 400) << wrong;
  // An absent member and null differ: null takes the end away.
  const auto made = make({{"name", "e"}, {"expiresAt", "2028-01-01T00:00:00Z"}});
  const auto path = "/api/keys/" + made.at("/id");
  EXPECT_EQ(server.ask("PATCH", path, {{"name", "f"}}, in).at("/expiresAt"), "2028-01-01T00:00:00.000Z");
  EXPECT_EQ(server.ask("PATCH", path, {{"expiresAt", nullptr}}, in).at("/expiresAt"), "null");
}

TEST_F(KeysTest, AdminsSeeEverybodyAndTheLastOneStays) {
  const auto admin = server.key(boss);
  const auto list = server.ask("GET", "/api/admin/users", nullptr, admin);
  EXPECT_EQ(list.body.at("items").as_array().size(), 2u);
  EXPECT_THAT(list.text, Not(HasSubstr("argon2")));
  const auto me = "/api/admin/users/" + boss.at("/user/id");
  EXPECT_EQ(server.ask("PATCH", me, {{"role", "user"}}, admin).status, 409);
  EXPECT_EQ(server.ask("DELETE", me, nullptr, admin).status, 409);
  EXPECT_EQ(server.ask("PATCH", me, {{"role", "king"}}, admin).at("/errors/0/pointer"), "/role");
  EXPECT_EQ(server
                .ask("POST", "/api/admin/users",
                     {{"username", "paul"}, {"password", AccountServer::kPassword}, {"role", "viewer"}}, admin)
                .at("/role"),
            "viewer");
  EXPECT_EQ(server.ask("DELETE", "/api/admin/users/" + marie.at("/user/id"), nullptr, admin).status, 204);
  EXPECT_EQ(server.ask("GET", "/api/videos", nullptr, in).status, 401);
  EXPECT_EQ(server.ask("GET", "/api/videos", nullptr, server.key(marie)).status, 401);
  EXPECT_EQ(server.ask("GET", "/api/admin/users/nobody", nullptr, admin).status, 404);
}

TEST_F(KeysTest, TheAuditLogTellsWhoDidWhatFromWhere) {
  const auto admin = server.key(boss);
  server.peer = "198.51.100.7";
  server.login("marie", "wrong password");
  server.login("my secret typed as a name", "x");
  const auto log = server.ask("GET", "/api/admin/audit?action=session.start", nullptr, admin);
  EXPECT_EQ(log.at("/items/0/target"), "unknown name");
  EXPECT_EQ(log.at("/items/1/outcome"), "refused");
  EXPECT_EQ(log.at("/items/1/actor"), marie.at("/user/id"));
  EXPECT_EQ(log.at("/items/1/address"), "198.51.100.7");
  EXPECT_EQ(log.at("/items/2/outcome"), "ok");
  EXPECT_THAT(log.text, Not(HasSubstr("my secret")));
  const auto verdict = server.ask("GET", "/api/admin/audit/verify", nullptr, admin);
  EXPECT_EQ(verdict.at("/intact"), "true");
  const auto lines = server.ask("GET", "/api/admin/audit/export", nullptr, admin);
  EXPECT_EQ(std::ranges::count(lines.text, '\n'), std::stoll(verdict.at("/rows")));
  EXPECT_EQ(server.ask("GET", "/api/admin/audit?from=yesterday", nullptr, admin).status, 400);
  EXPECT_EQ(server.ask("GET", "/api/admin/audit?cursor=x", nullptr, admin).status, 400);
}

TEST_F(KeysTest, OnesDataIsExportedAndForgotten) {
  std::vector<std::string> removed;
  auto options = AccountServer::without_limits();
  options.removed = [&](const std::string& user) { removed.push_back(user); };
  server.start(options);
  const auto data = server.ask("GET", "/api/auth/export", nullptr, in);
  EXPECT_EQ(data.at("/user/username"), "marie");
  EXPECT_EQ(data.body.at("apiKeys").as_array().size(), 1u);
  EXPECT_THAT(data.text, Not(HasSubstr("argon2")));
  EXPECT_EQ(server.ask("DELETE", "/api/auth/account", {{"password", "wrong"}}, in).status, 403);
  EXPECT_EQ(server.ask("DELETE", "/api/auth/account", {{"password", AccountServer::kPassword}}, in).status, 204);
  EXPECT_THAT(removed, ElementsAre(marie.at("/user/id")));
  EXPECT_EQ(server.login("marie").status, 401);
}

// Whoever reads the database file, its log or a backup finds nothing to sign in with.
TEST_F(KeysTest, NoSecretStandsInTheDatabase) {
  const auto signed_in = server.login("marie");
  const auto made = make({{"name", "ci"}});
  const auto enrolment = server.ask("POST", "/api/auth/mfa/enroll", {{"password", AccountServer::kPassword}}, in);
  std::string bytes;
  for (const auto& file : std::filesystem::directory_iterator(server.db->folder.path()))
    if (file.path().filename().string().starts_with("a.db")) bytes += *read_whole(file.path(), 1 << 30);
  ASSERT_THAT(bytes, HasSubstr("marie"));
  for (const auto& secret : {std::string(AccountServer::kPassword), made.at("/key"), made.at("/key").substr(14),
                             signed_in.at("/refreshToken"), signed_in.at("/accessToken"), enrolment.at("/secret")})
    EXPECT_EQ(bytes.find(secret), std::string::npos) << secret.substr(0, 4);
}

}  // namespace
}  // namespace vf::http
