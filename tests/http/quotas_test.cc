// Quotas as accounts and admins meet them, and how the use of media is counted.
#include "http/quotas.h"

#include "base/rfc3339.h"
#include "base/uuid.h"
#include "http/accounts_server.h"
#include "store/sqlite/sqlite_jobs.h"

namespace vf::http {
namespace {

using testing::HasSubstr;

struct QuotasTest : testing::Test {
  AccountServer server{AccountServer::without_limits()};
  Quotas quotas{*server.db->quotas, {{1000, 10, 2, 3}, {0, 0, 0, 0}}, [this] { return server.now.load(); }};
  store::SqliteJobStore jobs{*server.db->pool, [this] { return server.now.load(); }};
  Answer boss, marie;
  std::string user;

  void SetUp() override {
    auto options = AccountServer::without_limits();
    options.quotas = &quotas;
    server.start(options);
    server.now = *parse_rfc3339("2027-01-31T20:00:00Z");
    boss = server.make_admin();
    marie = server.make_user("marie");
    user = marie.at("/user/id");
  }
  void run(const std::string& sql) {
    const auto done =
        server.db->pool->write([&](store::Database& db) -> Result<void> { return VF_TRY(db.prepare(sql)).run(); });
    ASSERT_TRUE(done) << done.error().message << done.error().detail;
  }
  // `minutes`: of its duration; nothing while nobody looked at it.
  std::string video(std::optional<int> minutes) {
    const auto id = make_uuid();
    run(fmt::format(
        "INSERT INTO videos (id, owner, title, visibility, state, file_name, duration_ms, salt, created_at, "
        "updated_at) VALUES ('{}', '{}', 't', 'private', 'ready', 'a.mp4', {}, 's', 0, 0)",
        id, user, minutes ? std::to_string(*minutes * 60'000) : "NULL"));
    return id;
  }
  std::string order(const std::string& of, const std::string& kind = "transcode") {
    const auto job = jobs.create({kind, user, of, json::object{}, 0, "c1"});
    EXPECT_TRUE(job) << job.error().message << job.error().detail;
    return job->id;
  }
  double minutes_used() { return quotas.of(user)->at(1).used; }
  Answer refused(const QuotaWish& wish) {
    Request request;
    const auto response = quotas.refuse(request, user, wish);
    if (!response) return {};
    Answer out{response->status, response->headers, std::get<std::string>(response->body), nullptr};
    out.body = *parse_json(out.text);
    return out;
  }
};

TEST_F(QuotasTest, AreShownBeforeTheyAreHit) {
  order(video(4));
  const auto shown = server.ask("GET", "/api/auth/quotas", nullptr, server.key(marie));
  ASSERT_EQ(shown.status, 200) << shown.text;
  EXPECT_EQ(shown.at("/role"), "user");
  EXPECT_EQ(shown.at("/items/0/name"), "storage");
  EXPECT_EQ(shown.at("/items/0/limit"), "1000");
  EXPECT_EQ(shown.at("/items/1/limit"), "10");
  EXPECT_EQ(quotas.of(user)->at(1).used, 4);
  EXPECT_EQ(shown.at("/items/1/resetsAt"), "2027-02-01T00:00:00.000Z");
  EXPECT_EQ(shown.at("/items/2/used"), "1") << "jobs";
  EXPECT_EQ(shown.at("/items/3/source"), "role");
  const auto admins = server.ask("GET", "/api/auth/quotas", nullptr, server.key(boss));
  EXPECT_EQ(admins.at("/items/0/limit"), "null") << "no bound";
  EXPECT_EQ(server.ask("GET", "/api/auth/quotas").status, 401);
}

TEST_F(QuotasTest, AnAdminSetsThemForOneAccount) {
  const auto path = "/api/admin/users/" + user + "/quotas";
  EXPECT_EQ(server.ask("PUT", path, {{"jobs", 9}}, server.key(marie)).status, 403);
  EXPECT_EQ(server.ask("PUT", path, {{"jobs", -1}}, server.key(boss)).at("/errors/0/pointer"), "/jobs");
  EXPECT_EQ(server.ask("PUT", "/api/admin/users/" + make_uuid() + "/quotas", {{"jobs", 1}}, server.key(boss)).status,
            404);
  const auto set = server.ask("PUT", path, {{"jobs", 9}, {"storageBytes", 0}}, server.key(boss));
  ASSERT_EQ(set.status, 200) << set.text;
  EXPECT_EQ(set.at("/items/0/limit"), "null") << "0: no bound";
  EXPECT_EQ(set.at("/items/0/source"), "account");
  EXPECT_EQ(set.at("/items/1/source"), "role");
  EXPECT_EQ(set.at("/items/2/limit"), "9");
  EXPECT_FALSE(refused({.bytes = 5000}).status);
  EXPECT_EQ(server.ask("PUT", path, json::object{}, server.key(boss)).at("/items/2/limit"), "2") << "the role's again";
  const auto audit = server.ask("GET", "/api/admin/audit?action=user.quotas", nullptr, server.key(boss));
  EXPECT_EQ(audit.body.at("items").as_array().size(), 2u);
}

TEST_F(QuotasTest, EveryRefusalSaysLimitUseAndWhenItChanges) {
  const auto storage = refused({.bytes = 1001});
  EXPECT_EQ(storage.status, 413);
  EXPECT_EQ(storage.code(), "quota_exceeded");
  EXPECT_THAT(storage.at("/detail"), HasSubstr("1000 bytes it may store"));
  EXPECT_EQ(storage.at("/quota/name"), "storage");
  EXPECT_FALSE(refused({.bytes = 1000}).status);

  const auto film = video(3);
  order(film);
  order(film);
  const auto busy = refused({.job = true});
  EXPECT_EQ(busy.status, 429);
  EXPECT_THAT(busy.at("/detail"), HasSubstr("2 jobs waiting or running, and may have 2"));
  run("UPDATE jobs SET state = 'completed'");
  EXPECT_FALSE(refused({.job = true, .media_ms = 4 * 60'000}).status);
  const auto minutes = refused({.job = true, .media_ms = 5 * 60'000});
  EXPECT_EQ(minutes.status, 429);
  EXPECT_THAT(minutes.at("/detail"),
              HasSubstr("took 6.0 minutes of media this month, this one has 5.0, and may take 10"));
  EXPECT_EQ(minutes.at("/quota/resetsAt"), "2027-02-01T00:00:00.000Z");
  EXPECT_EQ(minutes.headers.get("Retry-After"), "14400") << "four hours to the end of the month";
}

TEST_F(QuotasTest, MinutesAreCountedOncePerJobAndNeverGivenBack) {
  const auto unknown = video(std::nullopt);
  order(unknown, "import");
  order(unknown);
  EXPECT_EQ(minutes_used(), 0) << "nobody knows how long it is";
  run("UPDATE videos SET duration_ms = 420000 WHERE id = '" + unknown + "'");
  EXPECT_EQ(minutes_used(), 7) << "fetching it is no use of media";
  run("UPDATE videos SET duration_ms = 480000 WHERE id = '" + unknown + "'");
  EXPECT_EQ(minutes_used(), 7);
  run("DELETE FROM videos WHERE id = '" + unknown + "'");
  EXPECT_EQ(minutes_used(), 7);
  EXPECT_EQ(refused({.upload = true}).status, 0);
  order(video(3));
  EXPECT_EQ(refused({.upload = true}).status, 429) << "all minutes are used";
  server.now = *parse_rfc3339("2027-02-01T00:00:00Z");
  EXPECT_EQ(minutes_used(), 0) << "a new month";
  ASSERT_TRUE(quotas.tend());
  server.now = *parse_rfc3339("2027-01-31T23:59:59Z");
  EXPECT_EQ(minutes_used(), 10) << "last month is still known";
}

TEST_F(QuotasTest, UploadsAreCountedOverTheLastDay) {
  for (int i = 0; i < 3; ++i)
    run(
        fmt::format("INSERT INTO uploads (id, owner, protocol, state, file_name, metadata, details, created_at, "
                    "expires_at) VALUES ('{}', '{}', 'tus', 'done', 'a', 'null', '{{}}', {}, 0)",
                    make_uuid(), user, server.now.load() - (5 - i) * 3'600'000));
  const auto many = refused({.upload = true});
  EXPECT_EQ(many.status, 429);
  EXPECT_THAT(many.at("/detail"),
              HasSubstr("began 3 uploads within 24 hours, and may begin 3; go on after 2027-02-01T15:00:00"));
  EXPECT_EQ(many.headers.get("Retry-After"), std::to_string(19 * 3600));
  server.now += 19 * 3'600'000 + 1;
  EXPECT_FALSE(refused({.upload = true}).status);
}

}  // namespace
}  // namespace vf::http
