// The contract of store::CheckpointStore and blob::BlobStore, against the adapters.
#include <fstream>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/sha256.h"
#include "blob/fs/fs_blob_store.h"
#include "store/sqlite/sqlite_checkpoint_store.h"
#include "support/temp_folder.h"

namespace vf {
namespace {

store::Checkpoint checkpoint(const std::string& key, std::int64_t bytes) {
  return {key, "encode", {json::object{{"answer", 42}}, {{sha256_hex(key), bytes}}}, {1.5, 2.0, 1000}};
}

TEST(CheckpointStore, ACommitIsFoundAgainAfterReopening) {
  const test::TempFolder folder;
  {
    auto store = store::open_sqlite_checkpoint_store(folder / "c.db");
    ASSERT_TRUE(store);
    ASSERT_TRUE((*store)->commit(checkpoint("k", 10)));
  }
  auto store = store::open_sqlite_checkpoint_store(folder / "c.db");
  ASSERT_TRUE(store);
  const auto found = (*store)->find("k");
  ASSERT_TRUE(found && *found);
  EXPECT_EQ(dump((**found).output.result), R"({"answer":42})");
  EXPECT_EQ((**found).output.blobs.front().size, 10);
  EXPECT_FALSE(*(*store)->find("other"));
}

// Each in the first moment of the file's life: turning it to WAL is where SQLite asks no busy handler.
TEST(CheckpointStore, ManyMayOpenANewOneAtOnce) {
  for (int round = 0; round < 20; ++round) {
    const test::TempFolder folder;
    std::vector<std::string> refused(8);
    {
      std::vector<std::jthread> openers;
      for (auto& why : refused)
        openers.emplace_back([&folder, &why] {
          if (auto store = store::open_sqlite_checkpoint_store(folder / "c.db"); !store) why = store.error().detail;
        });
    }
    EXPECT_THAT(refused, testing::Each("")) << "round " << round;
  }
}

TEST(CheckpointStore, TheFirstCommitOfAKeyWins) {
  const test::TempFolder folder;
  auto store = *store::open_sqlite_checkpoint_store(folder / "c.db");
  auto second = checkpoint("k", 10);
  ASSERT_TRUE(store->commit(checkpoint("k", 10)));
  second.output.result = "late";
  const auto standing = store->commit(second);
  ASSERT_TRUE(standing);
  EXPECT_EQ(dump(standing->output.result), R"({"answer":42})");
}

TEST(CheckpointStore, TrimForgetsUntilItFits) {
  const test::TempFolder folder;
  auto store = *store::open_sqlite_checkpoint_store(folder / "c.db");
  for (int i = 0; i < 40; ++i) ASSERT_TRUE(store->commit(checkpoint("k" + std::to_string(i), 100)));
  EXPECT_EQ(store->summary()->bytes, 4000);
  EXPECT_EQ(*store->trim(1000, 3600), 0) << "what was just used is spared";
  EXPECT_GT(*store->trim(1000, 0), 0);
  EXPECT_LE(store->summary()->bytes, 1000);
}

TEST(CheckpointStore, AnUnchangedFileIsKnownAndAChangedOneIsNot) {
  const test::TempFolder folder;
  auto store = *store::open_sqlite_checkpoint_store(folder / "c.db");
  store::FileIdentity file{1, 2, 3, 4, 5};
  ASSERT_TRUE(store->remember_source(file, "abc"));
  EXPECT_EQ(*store->find_source(file), "abc");
  file.modified_ns = 6;
  EXPECT_FALSE(*store->find_source(file));
}

TEST(CheckpointStore, ManyThreadsAndTwoConnectionsCommit) {
  const test::TempFolder folder;
  auto a = *store::open_sqlite_checkpoint_store(folder / "c.db");
  auto b = *store::open_sqlite_checkpoint_store(folder / "c.db");
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 20; ++i) EXPECT_TRUE((t % 2 ? a : b)->commit(checkpoint(std::to_string(t * 100 + i), 1)));
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(a->summary()->checkpoints, 160);
}

TEST(CheckpointStore, AFileThatIsNoDatabaseGivesASentence) {
  const test::TempFolder folder;
  std::ofstream(folder / "c.db") << std::string(5000, 'x');
  const auto store = store::open_sqlite_checkpoint_store(folder / "c.db");
  ASSERT_FALSE(store);
  EXPECT_THAT(store.error().message,
              testing::AllOf(testing::HasSubstr("is damaged"), testing::HasSubstr(folder.path().string())));
}

TEST(BlobStore, ChangedBytesAreNoticedAndCanBeWrittenAgain) {
  const test::TempFolder folder;
  auto blobs = *blob::open_fs_blob_store(folder.path());
  const auto write = [&] {
    auto staged = *blobs->stage();
    EXPECT_TRUE(write_all(staged->fd(), std::string_view("hello")));
    return *blobs->commit(std::move(staged));
  };
  const auto ref = write();
  EXPECT_TRUE(*blobs->intact(ref));
  std::ofstream(folder.path() / "blobs" / ref.sha256.substr(0, 2) / ref.sha256) << "hellx";
  EXPECT_FALSE(*blobs->intact(ref));
  EXPECT_EQ(write(), ref);
  EXPECT_TRUE(*blobs->intact(ref));
}

TEST(BlobStore, OpeningItSparesWhatAnotherIsWriting) {
  const test::TempFolder folder;
  auto first = *blob::open_fs_blob_store(folder.path());
  auto staged = *first->stage();
  ASSERT_TRUE(write_all(staged->fd(), std::string_view("hello")));
  std::ofstream(folder.path() / "tmp" / "1-1-0") << "of a process that is gone, whoever has its number now";
  auto second = *blob::open_fs_blob_store(folder.path());
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "tmp" / "1-1-0"));
  EXPECT_TRUE(first->commit(std::move(staged)));
}

TEST(BlobStore, BytesComeBackUnderTheirHashAndAreStoredOnce) {
  const test::TempFolder folder;
  auto blobs = *blob::open_fs_blob_store(folder.path());
  std::vector<jobs::BlobRef> refs;
  for (int i = 0; i < 2; ++i) {
    auto staged = *blobs->stage();
    ASSERT_TRUE(write_all(staged->fd(), std::string_view("hello")));
    refs.push_back(*blobs->commit(std::move(staged)));
  }
  EXPECT_EQ(refs[0], refs[1]);
  EXPECT_EQ(refs[0].sha256, sha256_hex("hello"));
  EXPECT_EQ(blobs->list()->size(), 1U);
  EXPECT_EQ(*read_whole(blobs->open(refs[0])->get(), 100), "hello");
}

TEST(BlobStore, WhatIsNotCommittedLeavesNoTrace) {
  const test::TempFolder folder;
  auto blobs = *blob::open_fs_blob_store(folder.path());
  {
    auto staged = *blobs->stage();
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder / "tmp"));
  std::ofstream(folder / "tmp/999999999-1") << "left by a crash";
  blobs = *blob::open_fs_blob_store(folder.path());
  EXPECT_TRUE(std::filesystem::is_empty(folder / "tmp"));
}

TEST(BlobStore, ACutBlobIsNotHandedOut) {
  const test::TempFolder folder;
  auto blobs = *blob::open_fs_blob_store(folder.path());
  auto staged = *blobs->stage();
  ASSERT_TRUE(write_all(staged->fd(), std::string_view("hello")));
  const auto ref = *blobs->commit(std::move(staged));
  std::filesystem::resize_file(folder / ("blobs/" + ref.sha256.substr(0, 2) + "/" + ref.sha256), 3);
  EXPECT_FALSE(blobs->open(ref));
}

}  // namespace
}  // namespace vf
