// What is done to videos and concerns security stands in the audit log: who may see them, links, removal.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "auth/clock.h"
#include "base/uuid.h"
#include "http/gate.h"
#include "http/handlers/handlers.h"
#include "http/router.h"
#include "http/test_platform.h"
#include "store/sqlite/sqlite_audit.h"

namespace vf::http {
namespace {

using ::testing::ElementsAre;
using testing::TestPlatform;

class OpenGate final : public Gate {
 public:
  std::variant<Admitted, Response> admit(const Request&, const Endpoint&) override { return Admitted{who, {}}; }
  auth::Principal who{.user = "ann", .name = "Ann", .role = auth::Role::user, .session = "s1"};
};

class AuditOfVideos : public ::testing::Test {
 protected:
  AuditOfVideos() {
    platform_.audit = &audit_;
    std::vector<Endpoint> endpoints;
    for (auto* area : {video_endpoints, gallery_endpoints, playback_endpoints, download_endpoints})
      for (auto& endpoint : area(platform_)) endpoints.push_back(std::move(endpoint));
    router_ = TestPlatform::must(Router::create(std::move(endpoints), gate_));
    store::Accepted accepted;
    accepted.video.id = video_;
    accepted.video.owner = "ann";
    accepted.video.title = "a title";
    accepted.video.visibility = "private";
    accepted.video.salt = "salt";
    accepted.video.source = jobs::BlobRef{std::string(64, 'a'), 10};
    accepted.job = store::NewJob{.kind = "transcode", .owner = "ann", .video = video_};
    TestPlatform::must(parts_.uploads.accept(accepted));
  }

  int ask(const std::string& method, const std::string& tail, const std::string& body = "") {
    Request request;
    request.method = method;
    request.path = "/api/videos/" + video_ + tail;
    request.peer = "192.0.2.9";
    if (!body.empty()) request.headers.add("Content-Type", "application/json");
    auto opened = router_->open(request);
    if (!opened.sink) return opened.response.status;
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(body.data());
    if (!body.empty()) opened.sink->write({bytes, body.size()});
    return opened.sink->finish().status;
  }
  // Of the rows since the last time: action and detail, oldest first.
  std::vector<std::string> rows() {
    std::vector<std::string> out;
    for (const auto& row : TestPlatform::must(store_->list({.limit = 100}))) {
      if (row.sequence <= seen_) continue;
      EXPECT_EQ(row.actor, gate_.who.user);
      EXPECT_EQ(row.via, "session s1");
      EXPECT_EQ(row.target, "video " + video_);
      EXPECT_EQ(row.address, "192.0.2.9");
      EXPECT_EQ(row.outcome, "ok");
      out.insert(out.begin(), row.action + ": " + row.detail);
    }
    seen_ += std::ssize(out);
    return out;
  }

  test::TempFolder folder_;
  TestPlatform parts_{folder_.path()};
  Platform platform_ = parts_.platform(folder_.path());
  std::unique_ptr<store::AuditStore> store_ = store::sqlite_audit_store(*parts_.pool);
  auth::Audit audit_{*store_, auth::wall_clock(), [](const Error& error) { ADD_FAILURE() << error.message; }};
  OpenGate gate_;
  std::unique_ptr<Router> router_;
  const std::string video_ = make_uuid();
  std::int64_t seen_ = 0;
};

TEST_F(AuditOfVideos, ChangesOfVisibilityAndRevokedLinks) {
  EXPECT_EQ(ask("PATCH", "", R"({"visibility": "public"})"), 200);
  EXPECT_THAT(rows(), ElementsAre("video.visibility: private to public"));
  EXPECT_EQ(ask("PATCH", "", R"({"visibility": "public", "title": "another"})"), 200);
  EXPECT_THAT(rows(), ElementsAre()) << "nothing that concerns security";
  EXPECT_EQ(ask("PATCH", "", R"({"visibility": "unlisted", "revokeLinks": true})"), 200);
  EXPECT_THAT(rows(),
              ElementsAre("video.visibility: public to unlisted", "link.revoke: all links and playback tokens"));
}

TEST_F(AuditOfVideos, LinksAndPlaybackTokens) {
  EXPECT_EQ(ask("POST", "/playback-token", R"({"seconds": 60})"), 201);
  EXPECT_THAT(rows(), ElementsAre("link.create: playback, for 60 seconds"));
  EXPECT_EQ(ask("POST", "/files/original/link"), 201);
  EXPECT_THAT(rows(), ElementsAre("link.create: file original, for 3600 seconds"));
  EXPECT_EQ(ask("POST", "/files/absent.mp4/link"), 404);
  EXPECT_THAT(rows(), ElementsAre());
}

TEST_F(AuditOfVideos, RemovalAlsoByAnAdmin) {
  gate_.who.user = "boss";
  gate_.who.role = auth::Role::admin;
  EXPECT_EQ(ask("DELETE", ""), 204);
  EXPECT_THAT(rows(), ElementsAre("video.remove: of ann"));
  EXPECT_EQ(ask("DELETE", ""), 404);
  EXPECT_THAT(rows(), ElementsAre());
}

}  // namespace
}  // namespace vf::http
