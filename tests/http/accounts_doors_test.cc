// Ways around the door that somebody found: each test is one of them, shut.
#include "http/accounts_server.h"

namespace vf::http {
namespace {

using testing::HasSubstr;
using testing::Not;

struct Doors : testing::Test {
  AccountServer server{AccountServer::without_limits()};
  Answer boss = server.make_admin();
  Answer marie = server.make_user("marie");

  Sent signed_in(const std::string& name) { return server.bearer(server.login(name)); }
  std::string user(const std::string& tail = "") { return "/api/admin/users/" + marie.at("/user/id") + tail; }
};

TEST_F(Doors, AKeyRenewsAndRevokesNoneThatIsBoundLess) {
  const auto in = signed_in("marie");
  const auto make = [&](json::object wish) {
    wish["name"] = "k";
    return server.ask("POST", "/api/keys", wish, in);
  };
  const json::array here{"192.0.2.0/24"};
  const auto bound = make({{"allowedCidrs", here}});
  const auto ends = make({{"expiresAt", "2028-01-01T00:00:00Z"}});
  const auto free = make({});
  const auto elsewhere = make({{"allowedCidrs", json::array{"192.0.2.0/24", "198.51.100.0/24"}}});
  const auto later = make({{"expiresAt", "2029-01-01T00:00:00Z"}});
  const auto both = make({{"allowedCidrs", here}, {"expiresAt", "2027-12-01T00:00:00Z"}});
  const auto tries = [&](const Answer& with, const Answer& on) {
    const auto path = "/api/keys/" + on.at("/id");
    const auto rotated = server.ask("POST", path + "/rotate", nullptr, server.key(with)).status;
    const auto dropped = rotated == 409 ? server.ask("DELETE", path, nullptr, server.key(with)).status : 409;
    EXPECT_EQ(dropped, 409);
    return rotated;
  };
  EXPECT_EQ(tries(bound, free), 409);
  EXPECT_EQ(tries(bound, elsewhere), 409);
  EXPECT_EQ(tries(bound, ends), 409);
  EXPECT_EQ(tries(ends, free), 409);
  EXPECT_EQ(tries(ends, later), 409);
  EXPECT_EQ(tries(ends, bound), 409);
  EXPECT_EQ(tries(bound, both), 200);
  EXPECT_EQ(tries(ends, both), 200);
  EXPECT_EQ(tries(bound, bound), 200) << "itself";
  EXPECT_EQ(server.ask("DELETE", "/api/keys/" + both.at("/id"), nullptr, server.key(free)).status, 204);
  EXPECT_EQ(server.ask("DELETE", "/api/keys/" + free.at("/id"), nullptr, in).status, 204) << "by a session";
}

TEST_F(Doors, AKeyHandsNoAccountOverAndMakesNoAdmin) {
  const auto key = server.key(boss);
  const auto both = [&](const std::string& method, const std::string& path, const json::value& body, int done) {
    const auto by_key = server.ask(method, path, body, key);
    EXPECT_EQ(by_key.code(), "session_required") << method << path;
    EXPECT_EQ(server.ask(method, path, body, signed_in("boss")).status, done) << method << path;
  };
  both("POST", user("/password-reset"), nullptr, 201);
  both("DELETE", user("/mfa"), nullptr, 204);
  both("POST", user("/sign-out"), nullptr, 200);
  both("PATCH", user(), {{"email", "mallory@example.com"}}, 200);
  both("PATCH", user(), {{"email", nullptr}}, 200);
  both("PATCH", user(), {{"role", "admin"}}, 200);
  both("POST", "/api/admin/invitations", {{"role", "admin"}}, 201);
  both("POST", "/api/admin/users",
       {{"username", "chief"}, {"password", AccountServer::kPassword}, {"role", "admin"}}, 201);
  EXPECT_EQ(server.ask("PATCH", user(), {{"role", "viewer"}, {"disabled", true}}, key).status, 200);
  EXPECT_EQ(server.ask("POST", "/api/admin/invitations", {{"role", "user"}}, key).status, 201);
  EXPECT_EQ(server.ask("DELETE", user(), nullptr, key).status, 204);
}

TEST_F(Doors, RegistrationByInvitationTellsNoNames) {
  auto options = AccountServer::without_limits();
  options.registration = Registration::invitation;
  server.start(options);
  const auto with = [&](const std::string& name) {
    return server.ask("POST", "/api/auth/register",
                      {{"username", name}, {"password", AccountServer::kPassword}, {"invitation", "made up"}});
  };
  EXPECT_EQ(with("marie").without_correlation(), with("nobody").without_correlation());
  EXPECT_EQ(with("marie").status, 404);
}

TEST_F(Doors, AnOldResetOpensNothing) {
  const auto admin = signed_in("boss");
  const auto ticket = [&] { return server.ask("POST", user("/password-reset"), nullptr, admin).at("/token"); };
  const auto reset = [&](const std::string& token) {
    return server.ask("POST", "/api/auth/password/reset", {{"token", token}, {"newPassword", "seven grey lanterns"}});
  };
  const auto before = ticket();
  const auto in = signed_in("marie");
  const json::object change{{"currentPassword", AccountServer::kPassword}, {"newPassword", "eleven blue kettles"}};
  EXPECT_EQ(server.ask("POST", "/api/auth/password", change, in).status, 204);
  EXPECT_EQ(reset(before).code(), "invalid_reset_token");
  const auto elsewhere = ticket();
  server.ask("PATCH", user(), {{"email", "new@example.com"}}, admin);
  EXPECT_EQ(reset(elsewhere).code(), "invalid_reset_token");
  server.ask("PATCH", user(), {{"disabled", true}}, admin);
  const auto gone = reset(ticket());
  EXPECT_EQ(gone.without_correlation(), reset("made up").without_correlation()) << "a disabled account is not told";
  server.ask("PATCH", user(), {{"disabled", false}}, admin);
  EXPECT_EQ(server.login("marie", "eleven blue kettles").status, 200);
  EXPECT_EQ(reset(ticket()).status, 204);
}

TEST_F(Doors, AMappedRangeThatReachesBeyondIPv4IsRefused) {
  const auto in = signed_in("marie");
  const auto make = [&](const char* range) {
    return server.ask("POST", "/api/keys", {{"name", "k"}, {"allowedCidrs", json::array{range}}}, in);
  };
  const auto refused = make("::ffff:127.0.0.0/8");
  EXPECT_EQ(refused.at("/errors/0/pointer"), "/allowedCidrs/0");
  EXPECT_THAT(refused.text, HasSubstr("127.0.0.0/8"));
  EXPECT_EQ(make("::ffff:0:0/95").status, 400);
  EXPECT_EQ(make("::ffff:127.0.0.0/104").at("/allowedCidrs/0"), "127.0.0.0/8");
  EXPECT_EQ(make("::ffff:0:0/96").at("/allowedCidrs/0"), "0.0.0.0/0");
  EXPECT_EQ(make("fe80::/10").status, 201);
}

TEST_F(Doors, AnExportDoesNotTellWhereTheAdminSits) {
  server.peer = "203.0.113.200";
  server.ask("PATCH", user(), {{"role", "viewer"}}, server.key(boss));
  server.peer = "192.0.2.1";
  const auto data = server.ask("GET", "/api/auth/export", nullptr, signed_in("marie"));
  EXPECT_THAT(data.text, HasSubstr("user.role"));
  for (const auto& told : {std::string("203.0.113.200"), std::string("\"boss\""), boss.at("/user/id"),
                           boss.at("/apiKey/id")})
    EXPECT_THAT(data.text, Not(HasSubstr(told)));
  EXPECT_THAT(data.text, HasSubstr("192.0.2.1")) << "its own acts stay whole";
}

}  // namespace
}  // namespace vf::http
