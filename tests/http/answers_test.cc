// The cache of answers over the real stores: never older than the last commit, never somebody else's.
#include "http/answers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>
#include <thread>

#include "base/uuid.h"
#include "cache/memory/memory_cache.h"
#include "http/gate.h"
#include "http/handlers/handlers.h"
#include "http/router.h"
#include "http/test_platform.h"

namespace vf::http {
namespace {

using testing::TestPlatform;

// Whoever the test says it is.
class OpenGate final : public Gate {
 public:
  std::variant<Admitted, Response> admit(const Request&, const Endpoint&) override { return Admitted{who, {}}; }
  auth::Principal who;
};

class AnswersTest : public ::testing::Test {
 protected:
  AnswersTest() : parts_(folder_.path()), platform_(parts_.platform(folder_.path())) {
    answers_ = TestPlatform::must(Answers::create(*cache_, parts_.events, [this](std::string_view what, bool hit) {
      const std::scoped_lock lock(mutex_);
      told_.push_back(std::string(what) + (hit ? " hit" : " miss"));
    }));
    platform_.answers = answers_.get();
    auto endpoints = video_endpoints(platform_);
    for (auto* area : {gallery_endpoints, playback_endpoints})
      for (auto& endpoint : area(platform_)) endpoints.push_back(std::move(endpoint));
    router_ = TestPlatform::must(Router::create(std::move(endpoints), gate_));
  }

  // A video that is ready, through the worker's side of the store.
  std::string add_ready(const std::string& title, const std::string& visibility,
                        const std::string& manifest = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nv.m3u8\n") {
    store::Accepted accepted;
    accepted.video.id = make_uuid();
    accepted.video.owner = "ann";
    accepted.video.title = title;
    accepted.video.visibility = visibility;
    accepted.video.salt = "salt";
    accepted.video.source = jobs::BlobRef{std::string(64, 'a'), 10};
    accepted.job = store::NewJob{.kind = "transcode", .owner = "ann", .video = accepted.video.id};
    TestPlatform::must(parts_.uploads.accept(accepted));
    auto staged = TestPlatform::must(parts_.blobs->stage());
    TestPlatform::must(write_all(staged->fd(), manifest));
    const auto blob = TestPlatform::must(parts_.blobs->commit(std::move(staged)));
    const auto worker = make_uuid();
    TestPlatform::must(parts_.jobs.register_worker({.id = worker, .host = "here", .slots = 1}));
    const auto lease = TestPlatform::must(parts_.jobs.lease(worker, {}));
    store::Finished finished;
    finished.for_video = true;
    finished.files = {{.name = "master.m3u8",
                       .content_type = "application/vnd.apple.mpegurl",
                       .size = blob.size,
                       .etag = "e",
                       .parts = {{blob.sha256, 0, blob.size, blob.size}}}};
    EXPECT_TRUE(TestPlatform::must(parts_.jobs.finish(lease->token, finished)));
    return accepted.video.id;
  }

  Response ask(const std::string& path, const auth::Principal& who = {}) {
    Request request;
    request.method = "GET";
    const auto query = path.find('?');
    request.path = path.substr(0, query);
    if (query != std::string::npos) {
      const auto equals = path.find('=');
      request.query = {{path.substr(query + 1, equals - query - 1), path.substr(equals + 1)}};
    }
    gate_.who = who;
    return std::move(router_->open(request).response);
  }
  std::string text(const std::string& path, const auth::Principal& who = {}) {
    auto response = ask(path, who);
    EXPECT_EQ(response.status, 200) << path;
    return std::get<std::string>(response.body);
  }

  test::TempFolder folder_;
  TestPlatform parts_;
  Platform platform_;
  std::unique_ptr<cache::Cache> cache_ = cache::make_memory_cache();
  std::unique_ptr<Answers> answers_;
  std::mutex mutex_;
  std::vector<std::string> told_;
  OpenGate gate_;
  std::unique_ptr<Router> router_;
  auth::Principal ann_{.user = "ann", .role = auth::Role::user};
  auth::Principal bob_{.user = "bob", .role = auth::Role::user};
};

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TEST_F(AnswersTest, TheSecondOneIsAHitAndTheSame) {
  add_ready("Film", "public");
  const auto first = text("/api/gallery/videos");
  EXPECT_THAT(first, HasSubstr("Film"));
  EXPECT_EQ(text("/api/gallery/videos"), first);
  EXPECT_THAT(told_, ElementsAre("gallery miss", "gallery hit"));
}

TEST_F(AnswersTest, AnOwnWriteIsSeenAtOnce) {
  const auto id = add_ready("Before", "public");
  for (int round = 0; round < 20; ++round) {
    const auto title = "Title " + std::to_string(round);
    text("/api/gallery/videos");
    text("/api/videos/" + id);
    TestPlatform::must(parts_.videos.change(id, {.title = title}));
    EXPECT_THAT(text("/api/gallery/videos"), HasSubstr(title + "\""));
    EXPECT_THAT(text("/api/videos/" + id), HasSubstr(title + "\""));
  }
}

TEST_F(AnswersTest, EveryWayToChangeAVideoIsSeen) {
  const auto id = add_ready("Film", "public");
  const auto detail = "/api/videos/" + id, manifest = "/api/stream/" + id + "/master.m3u8";
  EXPECT_THAT(text(detail), Not(HasSubstr("pt-BR")));
  EXPECT_THAT(text(manifest), Not(HasSubstr("SUBTITLES")));
  TestPlatform::must(parts_.videos.put_caption(id, {"pt-BR", "Brasil", "WEBVTT\n"}));
  EXPECT_THAT(text(detail), HasSubstr("pt-BR"));
  EXPECT_THAT(text(manifest), HasSubstr("SUBTITLES"));
  TestPlatform::must(parts_.videos.remove_caption(id, "pt-BR"));
  EXPECT_THAT(text(detail), Not(HasSubstr("pt-BR")));
  EXPECT_THAT(text(manifest), Not(HasSubstr("SUBTITLES")));
  TestPlatform::must(parts_.videos.mark_damaged(id, "Its bytes are gone."));
  EXPECT_THAT(text(detail), HasSubstr("bytes are gone"));
  EXPECT_THAT(text("/api/gallery/videos"), Not(HasSubstr("Film")));
  TestPlatform::must(parts_.videos.remove(id));
  EXPECT_EQ(ask(detail).status, 404);
  EXPECT_EQ(ask(manifest).status, 404);
}

TEST_F(AnswersTest, ARemovedVideoLeavesTheGallery) {
  const auto id = add_ready("Film", "public");
  EXPECT_THAT(text("/api/gallery/videos"), HasSubstr("Film"));
  TestPlatform::must(parts_.videos.remove(id));
  EXPECT_THAT(text("/api/gallery/videos"), Not(HasSubstr("Film")));
}

TEST_F(AnswersTest, AnotherProcessIsSeenToo) {
  const auto id = add_ready("Film", "public");
  text("/api/videos/" + id);
  text("/api/gallery/videos");
  TestPlatform other(folder_.path());  // connections of its own, as another process has them
  TestPlatform::must(other.videos.change(id, {.title = "From elsewhere", .visibility = "public"}));
  EXPECT_THAT(text("/api/videos/" + id), HasSubstr("From elsewhere"));
  EXPECT_THAT(text("/api/gallery/videos"), HasSubstr("From elsewhere"));
}

TEST_F(AnswersTest, WhatIsPrivateIsItsOwnersOnly) {
  const auto id = add_ready("Secret film", "private");
  const auto detail = "/api/videos/" + id, manifest = "/api/stream/" + id + "/master.m3u8";
  // The owner fills the cache first: what is kept must not open it to others.
  EXPECT_THAT(text(detail, ann_), HasSubstr("Secret film"));
  EXPECT_THAT(text(manifest, ann_), HasSubstr("#EXTM3U"));
  for (const auto& who : {auth::Principal{}, bob_}) {
    EXPECT_EQ(ask(detail, who).status, 404);
    EXPECT_EQ(ask(manifest, who).status, 404);
    EXPECT_THAT(text("/api/gallery/videos", who), Not(HasSubstr("Secret")));
  }
  EXPECT_THAT(text("/api/gallery/videos", ann_), Not(HasSubstr("Secret"))) << "the gallery is the same for all";
  EXPECT_THAT(ask(manifest, ann_).headers.get("Cache-Control"), HasSubstr("private"));
}

TEST_F(AnswersTest, WhatBecomesPrivateIsGoneAtOnce) {
  const auto id = add_ready("Film", "public");
  text("/api/videos/" + id);
  text("/api/stream/" + id + "/master.m3u8");
  text("/api/gallery/videos");
  TestPlatform::must(parts_.videos.change(id, {.visibility = "private"}));
  EXPECT_EQ(ask("/api/videos/" + id).status, 404);
  EXPECT_EQ(ask("/api/stream/" + id + "/master.m3u8").status, 404);
  EXPECT_THAT(text("/api/gallery/videos"), Not(HasSubstr("Film")));
}

TEST_F(AnswersTest, ARevokedLinkEndsAtOnce) {
  const auto id = add_ready("Film", "private");
  const auto token = parts_.links.sign(auth::LinkPurpose::playback, id, "salt", wall_clock_ms() + 60'000);
  const auto path = "/api/stream/" + id + "/t/" + token + "/master.m3u8";
  EXPECT_EQ(ask(path).status, 200);
  EXPECT_EQ(ask("/api/stream/" + id + "/t/forged/master.m3u8").status, 404);
  TestPlatform::must(parts_.videos.change(id, {.new_salt = true}));
  EXPECT_EQ(ask(path).status, 404);
}

TEST_F(AnswersTest, PagesOfDifferentQuestionsAreDifferent) {
  add_ready("Alpha", "public");
  add_ready("Beta", "public");
  EXPECT_THAT(text("/api/gallery/videos?search=Alpha"), Not(HasSubstr("Beta")));
  EXPECT_THAT(text("/api/gallery/videos?search=Beta"), Not(HasSubstr("Alpha")));
  EXPECT_THAT(text("/api/gallery/videos?limit=1"), Not(HasSubstr("\"nextCursor\":null")));
  EXPECT_THAT(text("/api/gallery/videos"), HasSubstr("\"nextCursor\":null"));
}

TEST_F(AnswersTest, ProgressOfJobsEmptiesNothing) {
  add_ready("Film", "public");
  text("/api/gallery/videos");
  TestPlatform::must(parts_.jobs.create({.kind = "frames", .owner = "ann"}));
  text("/api/gallery/videos");
  EXPECT_THAT(told_, ElementsAre("gallery miss", "gallery hit"));
}

// A writer renames; readers never see a title older than the last one that was committed before they asked.
TEST_F(AnswersTest, NeverStaleUnderManyReaders) {
  const auto id = add_ready("0", "public");
  std::atomic<int> committed = 0;
  std::atomic<bool> over = false;
  std::atomic<int> stale = 0, asked = 0;
  {
    std::vector<std::jthread> readers;
    for (int r = 0; r < 3; ++r)
      readers.emplace_back([&] {
        while (!over) {
          const int least = committed;
          const auto kept =
              answers_->text("video", "video " + id, {video_tag(id)}, [&]() -> Result<std::optional<std::string>> {
                return TestPlatform::must(parts_.videos.find(id))->title;
              });
          if (std::stoi(**kept) < least) ++stale;
          ++asked;
        }
      });
    for (int i = 1; i <= 100; ++i) {
      TestPlatform::must(parts_.videos.change(id, {.title = std::to_string(i)}));
      committed = i;
    }
    over = true;
  }
  EXPECT_EQ(stale, 0);
  EXPECT_GT(asked, 0);
}

}  // namespace
}  // namespace vf::http
