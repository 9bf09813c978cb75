// The contract of store::JobStore, against the adapters: leases and their tokens, order, ends, events.
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/sqlite/sqlite_jobs.h"
#include "store/sqlite/sqlite_videos.h"
#include "support/temp_folder.h"

namespace vf::store {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr Capacity kAnything{true, true, INT64_MAX};
constexpr Capacity kHeavy{true, false, INT64_MAX};
constexpr Capacity kLight{false, true, 0};

jobs::Stage stage(const std::string& id, double cpu_seconds, std::vector<std::string> after = {}) {
  jobs::Stage out;
  out.id = id;
  out.kind = "encode";
  out.cost.cpu_seconds = cpu_seconds;
  out.cost.memory_bytes = 100;
  for (auto& input : after) out.inputs.push_back({.source = {}, .stage = std::move(input)});
  return out;
}

class JobStoreTest : public testing::Test {
 protected:
  Job make(const std::string& owner, std::int64_t priority = 0) {
    return *store.create({"frames", owner, {}, json::object{}, priority, "c"});
  }

  // Takes the job's first step and adds these stages to it.
  void plan(const std::string& job, std::vector<jobs::Stage> stages) {
    for (int i = 0; i < 100; ++i) {
      const auto lease = *store.lease("w", kLight);
      ASSERT_TRUE(lease);
      if (lease->job.id != job) {
        later.push_back(*lease);
        continue;
      }
      ASSERT_TRUE(*store.extend(lease->token, {std::move(stages), {}, 1, {}, {}}));
      for (const auto& other : later) ASSERT_TRUE(*store.put_back(other.token, {}, 0, false));
      later.clear();
      return;
    }
  }

  std::string lease_id(const Capacity& capacity = kAnything) {
    const auto lease = *store.lease("w", capacity);
    return lease ? lease->job.owner + ":" + lease->stages.front().stage.id : "";
  }

  std::vector<std::string> event_types(const std::string& subject) {
    std::vector<std::string> out;
    std::int64_t number = 0;
    for (const auto& event : *events.after(subject, 0, 1000)) {
      EXPECT_EQ(event.number, ++number) << "numbers have no gaps";
      out.push_back(event.type);
    }
    return out;
  }

  test::TempFolder folder;
  std::unique_ptr<SqlitePool> pool = std::move(*SqlitePool::open(folder / "p.db"));
  std::int64_t now = 1'000'000;
  SqliteJobStore store{*pool, [this] { return now; }};
  SqliteEventLog events{*pool};
  std::vector<Lease> later;
};

TEST_F(JobStoreTest, AJobGoesThroughItsStagesInOrder) {
  const auto job = make("a");
  plan(job.id, {stage("one", 5), stage("two", 5, {"one"})});
  const auto one = *store.lease("w", kHeavy);
  ASSERT_TRUE(one);
  EXPECT_EQ(one->stages.front().stage.id, "one");
  EXPECT_FALSE(*store.lease("w", kAnything)) << "two waits for one, the drive for both";
  ASSERT_TRUE(*store.complete(one->token, {{"one", {json::value(1), {}}, {}, false}}));
  EXPECT_DOUBLE_EQ((*store.find(job.id))->progress, 0.5);
  const auto two = *store.lease("w", kHeavy);
  ASSERT_TRUE(two);
  ASSERT_TRUE(*store.complete(two->token, {{"two", {json::value(2), {}}, {}, true}}));
  const auto drive = *store.lease("w", kLight);
  ASSERT_TRUE(drive);
  EXPECT_EQ(drive->round, 1);
  const auto outputs = *store.outputs(job.id, 1, {"one", "two"});
  EXPECT_EQ(outputs.at("two").result, json::value(2));
  ASSERT_TRUE(*store.finish(drive->token, {json::object{{"answer", 42}}, {}}));
  const auto ended = **store.find(job.id);
  EXPECT_EQ(ended.state, "completed");
  EXPECT_EQ(ended.progress, 1);
  EXPECT_THAT(event_types(job.id), ElementsAre("state", "state", "stage-complete", "stage-complete", "done"));
}

TEST_F(JobStoreTest, ALateWorkerChangesNothing) {
  const auto job = make("a");
  plan(job.id, {stage("one", 5)});
  ASSERT_TRUE(store.register_worker({.id = "slow"}));
  const auto slow = *store.lease("slow", kHeavy);
  ASSERT_TRUE(slow);
  ASSERT_TRUE(store.lose_worker("slow", 3));
  now += 60'000;
  EXPECT_FALSE(*store.beat("slow", {{slow->token, 0.5}})) << "it must register again";
  const auto quick = *store.lease("quick", kHeavy);
  ASSERT_TRUE(quick);
  EXPECT_GT(quick->token, slow->token);
  EXPECT_FALSE(*store.complete(slow->token, {{"one", {json::value("late"), {}}, {}, false}}));
  EXPECT_FALSE(*store.fail(slow->token, {ErrorCode::internal, "late", {}}));
  ASSERT_TRUE(*store.complete(quick->token, {{"one", {json::value("quick"), {}}, {}, false}}));
  EXPECT_FALSE(*store.complete(quick->token, {{"one", {json::value("twice"), {}}, {}, false}}));
  EXPECT_EQ(store.outputs(job.id, 1, {"one"})->at("one").result, json::value("quick"));
}

TEST_F(JobStoreTest, AJobThatEndsEveryWorkerIsSetAside) {
  const auto job = make("a");
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(store.register_worker({.id = "w" + std::to_string(i)}));
    ASSERT_TRUE(*store.lease("w" + std::to_string(i), kLight)) << i;
    ASSERT_TRUE(store.lose_worker("w" + std::to_string(i), 3));
    EXPECT_FALSE(*store.lease("w9", kAnything)) << "others go first";
    now += 60'000;
  }
  EXPECT_FALSE(*store.lease("w9", kAnything));
  const auto ended = **store.find(job.id);
  EXPECT_EQ(ended.state, "failed");
  EXPECT_THAT(std::string(ended.error.at("detail").as_string()), testing::HasSubstr("3 times"));
}

TEST_F(JobStoreTest, AThousandJobsOfOneDoNotStarveAnother) {
  for (int i = 0; i < 50; ++i) make("busy");
  for (int i = 0; i < 10; ++i) EXPECT_EQ(lease_id(), "busy:drive/0");
  // Joins with what the others got: not behind their fifty, and without a claim to the time before.
  for (int i = 0; i < 5; ++i) make("other");
  int others = 0;
  for (int i = 0; i < 6; ++i) others += lease_id().starts_with("other") ? 1 : 0;
  EXPECT_EQ(others, 3);
}

TEST_F(JobStoreTest, PriorityOrdersOnesOwnJobsAndTheHighestGoesBeforeEverybody) {
  const auto low = make("a", 1);
  const auto high = make("a", 9);
  const auto first = *store.lease("w", kAnything);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->job.id, high.id);
  const auto urgent = make("a", 100);
  make("fresh");
  EXPECT_EQ((*store.lease("w", kAnything))->job.id, urgent.id);
}

TEST_F(JobStoreTest, LightStagesHaveLeasesOfTheirOwn) {
  const auto job = make("a");
  plan(job.id, {stage("heavy", 50), stage("light", 0.1)});
  EXPECT_EQ(lease_id(kLight), "a:light");
  EXPECT_EQ(lease_id(kLight), "");
  EXPECT_EQ(lease_id({true, false, 99}), "") << "needs 100 bytes";
  EXPECT_EQ(lease_id(kHeavy), "a:heavy");
}

TEST_F(JobStoreTest, StagesOfAGroupRunTogetherAsFarAsMemoryGoes) {
  const auto job = make("a");
  std::vector<jobs::Stage> stages{stage("a", 5), stage("b", 4), stage("c", 3), stage("d", 2)};
  for (auto& one : stages) one.group = "g";
  stages[3].group = "other";
  plan(job.id, stages);
  const auto lease = *store.lease("w", {true, false, 250});
  ASSERT_TRUE(lease);
  EXPECT_EQ(lease->stages.size(), 2U);
}

TEST_F(JobStoreTest, CancelStopsAndRetryGoesOn) {
  const auto job = make("a");
  plan(job.id, {stage("one", 5), stage("two", 5)});
  const auto one = *store.lease("w", kHeavy);
  ASSERT_TRUE(*store.complete(one->token, {{one->stages.front().stage.id, {}, {}, false}}));
  ASSERT_TRUE(store.register_worker({.id = "w"}));
  const auto two = *store.lease("w", kHeavy);
  ASSERT_TRUE(*store.cancel(job.id));
  EXPECT_FALSE(*store.cancel(job.id));
  EXPECT_THAT(**store.beat("w", {{two->token, 0.5}}), ElementsAre(two->token));
  EXPECT_FALSE(*store.lease("w", kAnything));
  ASSERT_TRUE(*store.retry(job.id));
  const auto again = *store.lease("w", kHeavy);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->stages.front().stage.id, two->stages.front().stage.id) << "what is done stays done";
  EXPECT_FALSE(*store.retry(job.id));
}

TEST_F(JobStoreTest, WaitingForRoomCountsNoAttemptAndTellsOnce) {
  const auto job = make("a");
  plan(job.id, {stage("one", 5)});
  for (int i = 0; i < 10; ++i) {
    const auto lease = *store.lease("w", kHeavy);
    ASSERT_TRUE(lease) << i;
    EXPECT_EQ(lease->stages.front().attempts, 1);
    ASSERT_TRUE(*store.put_back(lease->token, {ErrorCode::no_space, "No room.", {}}, 5000, false));
    EXPECT_FALSE(*store.lease("w", kAnything)) << "not before its time";
    now += 5000;
  }
  EXPECT_EQ((*store.find(job.id))->state, "paused");
  EXPECT_EQ((*store.find(job.id))->reason, "No room.");
  EXPECT_EQ(std::ranges::count(event_types(job.id), "warning"), 1);
  const auto lease = *store.lease("w", kHeavy);
  ASSERT_TRUE(*store.complete(lease->token, {{"one", {}, {}, false}}));
  EXPECT_EQ((*store.find(job.id))->state, "processing");
}

TEST_F(JobStoreTest, AFailedAttemptIsTriedAgainAndThenFailsTheJob) {
  const auto job = make("a");
  plan(job.id, {stage("one", 5), stage("two", 5)});
  const auto first = *store.lease("w", kHeavy);
  ASSERT_TRUE(*store.put_back(first->token, {ErrorCode::unavailable, "Passing.", {}}, 0, true));
  const auto second = *store.lease("w", kHeavy);
  EXPECT_EQ(second->stages.front().attempts, 2);
  ASSERT_TRUE(*store.fail(second->token, {ErrorCode::invalid_input, "The file is broken.", {}}));
  const auto ended = **store.find(job.id);
  EXPECT_EQ(ended.state, "failed");
  EXPECT_EQ(ended.error.at("detail"), json::value("The file is broken."));
  EXPECT_FALSE(*store.lease("w", kAnything)) << "the other stage does not run any more";
  EXPECT_EQ(event_types(job.id).back(), "error");
}

TEST_F(JobStoreTest, WhatTheDiskSaysNamesNoFolderToClients) {
  const auto refused = pool->write([](Database& db) -> Result<void> {
    VF_CHECK(db.execute("PRAGMA query_only = ON"));  // as on a disk that was mounted read-only
    return db.execute("DELETE FROM jobs");
  });
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::no_access);
  EXPECT_FALSE(refused.error().message.contains(folder.path().string())) << refused.error().message;
  EXPECT_TRUE(refused.error().detail.contains(folder.path().string())) << refused.error().detail;
}

TEST_F(JobStoreTest, ManyWritersMeetNoBusyDatabase) {
  std::vector<std::string> failed(64);
  {
    std::vector<std::jthread> writers;
    for (auto& why : failed)
      writers.emplace_back([&] {
        for (int i = 0; i < 5 && why.empty(); ++i)
          if (auto made = store.create({"frames", "a", {}, json::object{}, 0, "c"}); !made) why = made.error().detail;
      });
  }
  EXPECT_THAT(failed, testing::Each(""));
  EXPECT_THAT(*store.count_by_state(), ElementsAre(testing::Pair("pending", 320)));
}

TEST_F(JobStoreTest, AnUploadIsAcceptedOnce) {
  SqliteUploadStore uploads(*pool, [this] { return now; });
  SqliteVideoStore videos(*pool, [this] { return now; });
  ASSERT_TRUE(uploads.create({"u", "a", "tus", "open", "film.mp4", 10, "", json::object{}, {}, now, now + 1000}));
  Accepted accepted;
  accepted.upload = "u";
  accepted.video.id = "v";
  accepted.video.owner = "a";
  accepted.video.visibility = "private";
  accepted.video.source = jobs::BlobRef{"abc", 10};
  accepted.job = NewJob{"transcode", "a", {}, json::object{}, 0, "c"};
  const auto made = uploads.accept(accepted);
  ASSERT_TRUE(made) << made.error().detail;
  accepted.video.id = "v2";
  const auto again = uploads.accept(accepted);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->video.id, "v");
  EXPECT_EQ(again->job->id, made->job->id);
  EXPECT_THAT(*videos.referenced_blobs(), ElementsAre("abc"));
  EXPECT_TRUE(*videos.remove("v"));
  EXPECT_THAT(*videos.referenced_blobs(), IsEmpty());
  EXPECT_FALSE(*store.find(made->job->id)) << "a video's jobs go with it";
}

// A private video "v" of the account "a", and its first job.
Accepted film_with_job() {
  Accepted out;
  out.video.id = "v";
  out.video.owner = "a";
  out.video.visibility = "private";
  out.video.source = jobs::BlobRef{"source", 10};
  out.job = NewJob{"transcode", "a", {}, json::object{}, 0, "c"};
  return out;
}

TEST_F(JobStoreTest, WhatIsShownEarlyStaysForThoseWhoWatch) {
  SqliteUploadStore uploads(*pool, [this] { return now; });
  SqliteVideoStore videos(*pool, [this] { return now; });
  ASSERT_TRUE(uploads.accept(film_with_job()));
  const auto file = [](const std::string& name, const std::string& blob) {
    return FileRow{name, "video/mp4", 5, blob, {{blob, 0, 5, 5}}};
  };
  const auto first = *store.lease("w", kLight);
  ASSERT_TRUE(
      *store.extend(first->token, {{}, {}, 0.5, {file("source_video.mp4", "head"), file("master.m3u8", "m1")}, {}}));
  EXPECT_EQ((*videos.find("v"))->state, "playable");
  const auto last = *store.lease("w", kLight);
  Finished finished;
  finished.for_video = true;
  finished.files = {file("video_1080p.mp4", "real"), file("master.m3u8", "m2")};
  ASSERT_TRUE(*store.finish(last->token, finished));
  EXPECT_EQ((*videos.find("v"))->state, "ready");
  EXPECT_EQ((*videos.file("v", "master.m3u8"))->etag, "m2");
  EXPECT_TRUE(*videos.file("v", "source_video.mp4"));
  now += 1000;
  EXPECT_EQ(*videos.forget_heads(now, 10), 1);
  EXPECT_FALSE(*videos.file("v", "source_video.mp4"));
  EXPECT_THAT(*videos.referenced_blobs(), testing::UnorderedElementsAre("source", "real", "m2"));
}

TEST_F(JobStoreTest, AVideoGrowsByTheFirstJobThatMakesItOnly) {
  SqliteUploadStore uploads(*pool, [this] { return now; });
  SqliteVideoStore videos(*pool, [this] { return now; });
  SqliteEventLog events(*pool);
  ASSERT_TRUE(uploads.accept(film_with_job()));
  now += 1;
  ASSERT_TRUE(store.create({"transcode", "a", "v", json::object{}, 100, "c"}));
  // Each job: driven to one stage, which shows something.
  const auto show = [&](const std::string& blob) {
    const auto drive = *store.lease("w", kLight);
    ASSERT_TRUE(drive);
    jobs::Stage grow;
    grow.id = grow.kind = "grow";
    ASSERT_TRUE(*store.extend(drive->token, {{grow}, {}, 0.5, {}, {}}));
    const auto lease = *store.lease("w", kLight);
    ASSERT_TRUE(lease);
    StageDone done{"grow", {}, {}, false, {FileRow{"master.m3u8", "text/plain", 5, blob, {{blob, 0, 5, 5}}}}, 1.5};
    ASSERT_TRUE(*store.complete(lease->token, {done}));
  };
  show("second");  // its priority lets it go first
  EXPECT_EQ((*videos.find("v"))->state, "processing");
  EXPECT_FALSE(*videos.file("v", "master.m3u8"));
  const auto rest = *store.lease("w", kLight);
  ASSERT_TRUE(rest);
  show("first");
  EXPECT_EQ((*videos.find("v"))->state, "playable");
  EXPECT_EQ((*videos.file("v", "master.m3u8"))->etag, "first");
  std::vector<std::string> kinds;
  for (const auto& event : *events.after("v", 0, 100)) kinds.push_back(event.type);
  EXPECT_THAT(kinds, testing::IsSupersetOf({"state", "grown"}));
}

TEST_F(JobStoreTest, AVideoWhoseJobStopsAfterItsBeginningWasShownFailsAndGoesOnWithTheJob) {
  SqliteUploadStore uploads(*pool, [this] { return now; });
  SqliteVideoStore videos(*pool, [this] { return now; });
  const auto made = *uploads.accept(film_with_job());
  const auto drive = *store.lease("w", kLight);
  const FileRow master{"master.m3u8", "text/plain", 5, "m1", {{"m1", 0, 5, 5}}};
  ASSERT_TRUE(*store.extend(drive->token, {{stage("e", 5)}, {}, 0.5, {master}, {}}));
  EXPECT_EQ((*videos.find("v"))->state, "playable");

  const auto lease = *store.lease("w", kHeavy);
  ASSERT_TRUE(*store.fail(lease->token, Error{ErrorCode::invalid_input, "The picture ends early.", {}}));
  auto video = **videos.find("v");
  EXPECT_EQ(video.state, "failed");
  EXPECT_EQ(video.error.at("detail"), "The picture ends early.");
  EXPECT_THAT(event_types("v"), testing::Contains("error"));

  ASSERT_TRUE(*store.retry(made.job->id));
  video = **videos.find("v");
  EXPECT_EQ(video.state, "playable");
  EXPECT_TRUE(video.error.is_null());

  ASSERT_TRUE(*store.cancel(made.job->id));
  video = **videos.find("v");
  EXPECT_EQ(video.state, "failed");
  EXPECT_EQ(video.error.at("code"), "cancelled");

  // Another job begins from nothing.
  ASSERT_TRUE(store.create({"transcode", "a", "v", json::object{}, 0, "c"}));
  EXPECT_EQ((*videos.find("v"))->state, "processing");
  EXPECT_FALSE(*videos.file("v", "master.m3u8"));
  EXPECT_THAT(*videos.referenced_blobs(), testing::UnorderedElementsAre("source"));
}

TEST_F(JobStoreTest, AVideoThatAnotherJobStillMakesDoesNotFail) {
  SqliteUploadStore uploads(*pool, [this] { return now; });
  SqliteVideoStore videos(*pool, [this] { return now; });
  const auto made = *uploads.accept(film_with_job());
  const auto second = *store.create({"transcode", "a", "v", json::object{}, 0, "c"});
  ASSERT_TRUE(*store.cancel(second.id));
  EXPECT_EQ((*videos.find("v"))->state, "processing");
  ASSERT_TRUE(*store.cancel(made.job->id));
  EXPECT_EQ((*videos.find("v"))->state, "failed");
}

}  // namespace
}  // namespace vf::store
