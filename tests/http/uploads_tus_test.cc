// tus 1.0.0 over sockets: what is acknowledged is there byte-exact, and nothing else is.
#include <thread>

#include "http/uploads_fixture.h"

namespace vf::http::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST_F(UploadsTest, OptionsTellWhatIsSpoken) {
  for (const char* path : {"/api/uploads", "/api/uploads/0193"}) {
    const auto answer = ask("OPTIONS", path);
    EXPECT_EQ(answer.status, 204);
    EXPECT_EQ(answer.field("tus-version"), "1.0.0");
    EXPECT_EQ(answer.field("tus-extension"),
              "creation,creation-with-upload,creation-defer-length,expiration,termination,checksum");
    EXPECT_EQ(answer.field("tus-max-size"), std::to_string(options.max_upload_bytes));
    EXPECT_EQ(answer.field("tus-checksum-algorithm"), "sha1,sha256,md5");
  }
}

TEST_F(UploadsTest, PiecesBecomeAVideoWithAJob) {
  const auto bytes = random_text(3'000'000, 1);
  const auto at = create(3'000'000, {{"Upload-Metadata", "filename ZmlsbS5tcDQ=,title TXkgZmlsbQ==,tags YSxi"}});
  auto answer = patch(at, 0, bytes.substr(0, 1'000'000));
  EXPECT_EQ(answer.status, 204);
  EXPECT_EQ(answer.field("upload-offset"), "1000000");
  EXPECT_EQ(answer.field("tus-resumable"), "1.0.0");
  EXPECT_THAT(answer.field("upload-expires"), HasSubstr("GMT"));
  EXPECT_EQ(answer.field("upload-video-id"), "(none)");
  auto head = ask("HEAD", at, tus());
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.field("upload-offset"), "1000000");
  EXPECT_EQ(head.field("upload-length"), "3000000");
  EXPECT_EQ(head.field("upload-metadata"), "filename ZmlsbS5tcDQ=,title TXkgZmlsbQ==,tags YSxi");
  EXPECT_EQ(head.field("cache-control"), "no-store");

  answer = patch(at, 1'000'000, bytes.substr(1'000'000));
  EXPECT_EQ(answer.status, 204);
  const auto id = answer.field("upload-video-id");
  expect_source(id, bytes);
  const auto made = video(id);
  EXPECT_EQ(made.title, "My film");
  EXPECT_EQ(made.file_name, "film.mp4");
  EXPECT_EQ(made.tags, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(made.visibility, "private");
  EXPECT_EQ(made.state, "processing");
  const auto job = TestPlatform::must(stores->jobs.find(answer.field("upload-job-id")));
  ASSERT_TRUE(job);
  EXPECT_EQ(job->kind, "transcode");
  EXPECT_EQ(job->video, id);
  EXPECT_EQ(dump(job->params), R"({"checked":true})");
  EXPECT_EQ(stores->rings, 1);

  head = ask("HEAD", at, tus());
  EXPECT_EQ(head.field("upload-offset"), "3000000");
  EXPECT_EQ(head.field("upload-video-id"), id);
  EXPECT_EQ(head.field("upload-job-id"), job->id);
  EXPECT_EQ(files_left(), 0);
  EXPECT_EQ(patch(at, 3'000'000, "x").status, 409);
  EXPECT_EQ(videos_of("u1"), 1);
}

TEST_F(UploadsTest, TheFirstRequestMayBringBytes) {
  const auto bytes = random_text(5000, 2);
  auto answer =
      ask("POST", "/api/uploads", tus({{"Upload-Length", "5000"}, {"Content-Type", "application/offset+octet-stream"}}),
          bytes.substr(0, 2000));
  EXPECT_EQ(answer.status, 201);
  EXPECT_EQ(answer.field("upload-offset"), "2000");
  answer = patch(answer.field("location"), 2000, bytes.substr(2000));
  expect_source(answer.field("upload-video-id"), bytes);
  answer = ask("POST", "/api/uploads",
               tus({{"Upload-Length", "5000"}, {"Content-Type", "application/offset+octet-stream"}}), bytes);
  EXPECT_EQ(answer.status, 201);
  expect_source(answer.field("upload-video-id"), bytes);
}

TEST_F(UploadsTest, AWrongOffsetChangesNothing) {
  const auto at = create(10);
  EXPECT_EQ(patch(at, 0, "01234").status, 204);
  for (const std::int64_t wrong : {0, 4, 6, 10, 1'000'000}) {
    const auto answer = patch(at, wrong, "xxxxx");
    EXPECT_EQ(answer.status, 409) << wrong;
    EXPECT_EQ(answer.field("upload-offset"), "5");
  }
  EXPECT_EQ(ask("PATCH", at, tus({{"Content-Type", "application/offset+octet-stream"}}), "x").status, 400);
  EXPECT_EQ(ask("PATCH", at, tus({{"Upload-Offset", "5"}}), "x").status, 415);
  EXPECT_EQ(ask("PATCH", at, {{"Content-Type", "application/offset+octet-stream"}, {"Upload-Offset", "5"}}, "x").status,
            412);
  EXPECT_EQ(offset_of(at), "5");
  expect_source(patch(at, 5, "56789").field("upload-video-id"), "0123456789");
}

TEST_F(UploadsTest, OneRequestAtATimeWrites) {
  const auto at = create(10);
  RawClient first(server->port());
  first.say(head_of("PATCH", at, patch_fields(0, {{"Content-Length", "10"}})) + "01234");
  wait_for_bytes(at, 5);
  const auto second = patch(at, 5, "xxxxx");
  EXPECT_EQ(second.status, 423) << second.body;
  EXPECT_EQ(second.field("retry-after"), "1");
  EXPECT_EQ(ask("DELETE", at, tus()).status, 423);
  first.say("56789");
  const Answer answer(first.hear_answer());
  EXPECT_EQ(answer.status, 204);
  expect_source(answer.field("upload-video-id"), "0123456789");
}

TEST_F(UploadsTest, MoreThanDeclaredIsRefused) {
  const auto at = create(10);
  const auto answer = patch(at, 0, "0123456789A");
  EXPECT_EQ(answer.status, 413);
  EXPECT_THAT(answer.body, HasSubstr("10 bytes are left"));
  EXPECT_EQ(offset_of(at), "0");
  RawClient chunked(server->port());
  chunked.say(head_of("PATCH", at, patch_fields(0, {{"Transfer-Encoding", "chunked"}})) + "5\r\n01234\r\n");
  wait_for_bytes(at, 5);
  chunked.say("6\r\nABCDEF\r\n0\r\n\r\n");
  EXPECT_EQ(Answer(chunked.hear_answer()).status, 413);
  EXPECT_EQ(offset_of(at), "5");
  expect_source(patch(at, 5, "56789").field("upload-video-id"), "0123456789");
}

TEST_F(UploadsTest, ChecksumsAreHeldTo) {
  const auto at = create(11);
  // Of "hello", by coreutils.
  EXPECT_EQ(patch(at, 0, "hellO", {{"Upload-Checksum", "sha1 qvTGHdzF6KLavt4PO0gs2a6pQ00="}}).status, 460);
  EXPECT_EQ(offset_of(at), "0");
  EXPECT_EQ(patch(at, 0, "hello", {{"Upload-Checksum", "sha1 qvTGHdzF6KLavt4PO0gs2a6pQ00="}}).status, 204);
  EXPECT_EQ(patch(at, 5, "_", {{"Upload-Checksum", "crc32 AAAA"}}).status, 400);
  EXPECT_EQ(patch(at, 5, "_", {{"Upload-Checksum", "sha1 not*base64"}}).status, 400);
  EXPECT_EQ(patch(at, 5, "_", {{"Upload-Checksum", "md5 XUFAKrxLKna5cZ2REBfFkA=="}}).status, 460);
  EXPECT_EQ(patch(at, 5, "_").status, 204);
  EXPECT_EQ(offset_of(at), "6");
  const auto last = patch(at, 6, "hello", {{"Upload-Checksum", "sha256 LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ="}});
  EXPECT_EQ(last.status, 204) << last.body;
  expect_source(last.field("upload-video-id"), "hello_hello");
}

TEST_F(UploadsTest, BytesOnTrialAreGoneWhenTheirRequestBreaks) {
  const auto at = create(10);
  EXPECT_EQ(patch(at, 0, "01").status, 204);
  RawClient client(server->port());
  client.say(head_of("PATCH", at,
                     patch_fields(2, {{"Content-Length", "8"}, {"Upload-Checksum", "md5 XUFAKrxLKna5cZ2REBfFkA=="}})) +
             "xxxx");
  wait_for_bytes(at, 6);
  EXPECT_EQ(offset_of(at), "2");
  client.hang_up();
  while (patch(at, 9, "x").status == 423) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_EQ(std::filesystem::file_size(file_of(at)), 2U);
  expect_source(patch(at, 2, "23456789").field("upload-video-id"), "0123456789");
}

TEST_F(UploadsTest, BytesThatNobodyKeptAreGoneAfterACrash) {
  const auto at = create(10);
  EXPECT_EQ(patch(at, 0, "01").status, 204);
  const auto file = file_of(at);
  // What a server leaves that dies in the middle of a request, or a disk that lost its power then.
  TestPlatform::must(write_file_atomically(file, "01xxxx"));
  restart();
  EXPECT_EQ(offset_of(at), "2");
  EXPECT_EQ(patch(at, 6, "x").status, 409);
  expect_source(patch(at, 2, "23456789").field("upload-video-id"), "0123456789");
}

// security.md 15
TEST_F(UploadsTest, DisconnectsLoseNothingThatWasAcknowledged) {
  const int disconnects = full() ? 1000 : 60;
  const auto bytes = random_text(full() ? 40'000'000 : 6'000'000, 3);
  std::mt19937 random(4);
  const auto at = create(static_cast<std::int64_t>(bytes.size()));
  std::size_t acknowledged = 0;
  for (int i = 0; i < disconnects; ++i) {
    std::string offset = offset_of(at);
    const auto from = std::stoull(offset);
    ASSERT_GE(from, acknowledged);
    const auto left = bytes.size() - from;
    if (left < 2) break;
    const auto step = std::max<std::size_t>(1, bytes.size() / static_cast<std::size_t>(disconnects) * 2);
    const auto said = std::min<std::size_t>(left - 1, random() % step);
    {
      RawClient client(server->port());
      client.say(head_of("PATCH", at,
                         patch_fields(static_cast<std::int64_t>(from), {{"Content-Length", std::to_string(left)}})) +
                 bytes.substr(from, said));
      if (random() % 2 == 0) {
        linger now{1, 0};  // a reset instead of an end
        setsockopt(client.fd(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
      }
    }
    if (random() % 4 == 0) {
      const auto wrong = patch(at, static_cast<std::int64_t>(random() % bytes.size()), "wrong");
      EXPECT_THAT((std::vector{409, 423, 204}), ::testing::Contains(wrong.status));
      ASSERT_NE(wrong.status, 204) << "a random offset was right; take another seed";
    }
    // The server notices the end at its own pace.
    for (int wait = 0; wait < 2000; ++wait) {
      const auto more = patch(at, static_cast<std::int64_t>(bytes.size()), "x");
      if (more.status != 423) break;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    acknowledged = std::stoull(offset_of(at));
    ASSERT_GE(acknowledged, from);
    if (i == disconnects / 2) restart();
  }
  const auto from = std::stoull(offset_of(at));
  const auto last = patch(at, static_cast<std::int64_t>(from), bytes.substr(from));
  ASSERT_EQ(last.status, 204) << last.body;
  expect_source(last.field("upload-video-id"), bytes);
}

TEST_F(UploadsTest, TheLengthMayComeLater) {
  auto answer = ask("POST", "/api/uploads", tus({{"Upload-Defer-Length", "1"}}));
  ASSERT_EQ(answer.status, 201);
  const auto at = answer.field("location");
  EXPECT_EQ(patch(at, 0, "01234").status, 204);
  auto head = ask("HEAD", at, tus());
  EXPECT_EQ(head.field("upload-defer-length"), "1");
  EXPECT_EQ(head.field("upload-length"), "(none)");
  EXPECT_EQ(patch(at, 5, "x", {{"Upload-Length", "4"}}).status, 400);
  EXPECT_EQ(patch(at, 5, "5", {{"Upload-Length", "10"}}).status, 204);
  EXPECT_EQ(patch(at, 6, "x", {{"Upload-Length", "11"}}).status, 400);
  EXPECT_EQ(ask("HEAD", at, tus()).field("upload-length"), "10");
  expect_source(patch(at, 6, "6789").field("upload-video-id"), "0123456789");
}

TEST_F(UploadsTest, ACreationThatMakesNoSenseIsRefused) {
  const auto refused = [&](const Fields& fields) { return ask("POST", "/api/uploads", tus(fields)).status; };
  EXPECT_EQ(refused({}), 400);
  EXPECT_EQ(refused({{"Upload-Length", "0"}}), 400);
  EXPECT_EQ(refused({{"Upload-Length", "-1"}}), 400);
  EXPECT_EQ(refused({{"Upload-Length", "99999999999999999999"}}), 400);
  EXPECT_EQ(refused({{"Upload-Length", "5"}, {"Upload-Defer-Length", "1"}}), 400);
  EXPECT_EQ(refused({{"Upload-Defer-Length", "2"}}), 400);
  EXPECT_EQ(refused({{"Upload-Length", "5"}, {"Upload-Metadata", "filename !!"}}), 400);
  EXPECT_EQ(refused({{"Upload-Length", "5"}, {"Upload-Metadata", "a YQ==,a YQ=="}}), 400);
  EXPECT_EQ(refused({{"Upload-Length", "5"}, {"Upload-Metadata", "visibility YQ=="}}), 400);
  EXPECT_EQ(refused({{"Upload-Length", "5"}, {"Upload-Concat", "partial"}}), 400);
  const auto older = ask("POST", "/api/uploads", {{"Tus-Resumable", "0.2.2"}, {"Upload-Length", "5"}});
  EXPECT_EQ(older.status, 412);
  EXPECT_EQ(older.field("tus-version"), "1.0.0");
  EXPECT_EQ(files_left(), 0);
}

TEST_F(UploadsTest, OthersDoNotSeeIt) {
  const auto at = create(10);
  const Fields stranger = tus({{"X-User", "u2"}});
  EXPECT_EQ(ask("HEAD", at, stranger).status, 404);
  EXPECT_EQ(ask("DELETE", at, stranger).status, 404);
  EXPECT_EQ(patch(at, 0, "x", {{"X-User", "u2"}}).status, 404);
  EXPECT_EQ(ask("HEAD", "/api/uploads/..%2Fx", tus()).status, 400);
  EXPECT_EQ(ask("HEAD", "/api/uploads/x", tus()).status, 404);
  EXPECT_EQ(offset_of(at), "0");
}

TEST_F(UploadsTest, TerminationRemovesEverything) {
  const auto at = create(10);
  EXPECT_EQ(patch(at, 0, "01234").status, 204);
  EXPECT_EQ(ask("DELETE", at, tus()).status, 204);
  EXPECT_EQ(ask("HEAD", at, tus()).status, 404);
  EXPECT_EQ(patch(at, 5, "x").status, 404);
  EXPECT_EQ(files_left(), 0);
}

TEST_F(UploadsTest, ClientsWithoutPatchAndDeleteHaveAnOverride) {
  const auto at = create(5);
  auto answer = ask("POST", at, patch_fields(0, {{"X-HTTP-Method-Override", "PATCH"}}), "012");
  EXPECT_EQ(answer.status, 204) << answer.body;
  EXPECT_EQ(offset_of(at), "3");
  EXPECT_EQ(ask("POST", at, patch_fields(3), "34").status, 405);
  EXPECT_EQ(ask("POST", at, tus({{"X-HTTP-Method-Override", "DELETE"}})).status, 204);
  EXPECT_EQ(ask("HEAD", at, tus()).status, 404);
}

TEST_F(UploadsTest, ExpiryRefusesAndTheSweepClears) {
  const auto at = create(10), other = create(10);
  EXPECT_EQ(patch(at, 0, "01234").status, 204);
  EXPECT_EQ(sweep_uploads(*platform), 0);
  stores->shift_ms = options.upload_ms * 6 / 10;
  EXPECT_EQ(patch(at, 5, "5").status, 204);  // goes on, so its time begins anew
  stores->shift_ms = options.upload_ms + 1000;
  EXPECT_EQ(ask("HEAD", other, tus()).status, 410);
  EXPECT_EQ(patch(other, 0, "x").status, 410);
  EXPECT_EQ(sweep_uploads(*platform), 1);
  EXPECT_EQ(ask("HEAD", other, tus()).status, 404);
  EXPECT_EQ(files_left(), 2);
  EXPECT_EQ(patch(at, 6, "6").status, 204);
}

TEST_F(UploadsTest, TheSweepLeavesWhatIsBeingWritten) {
  const auto at = create(10);
  RawClient client(server->port());
  client.say(head_of("PATCH", at, patch_fields(0, {{"Content-Length", "10"}})) + "01234");
  wait_for_bytes(at, 5);
  stores->shift_ms = options.upload_ms * 2;
  EXPECT_EQ(sweep_uploads(*platform), 0);
  client.say("56789");
  const Answer answer(client.hear_answer());
  EXPECT_EQ(answer.status, 204);
  expect_source(answer.field("upload-video-id"), "0123456789");
}

// The server dies after the last byte is on the disk: before the blob has its name, and after.
TEST_F(UploadsTest, AWholeUploadThatACrashCaughtBecomesOneVideo) {
  for (const bool blob_is_there : {false, true})
    for (const bool by_sweep : {false, true}) {
      const auto bytes = random_text(100'000, blob_is_there * 2U + by_sweep);
      const auto at = create(100'000);
      const auto file = file_of(at);
      TestPlatform::must(write_file_atomically(file, bytes));
      TestPlatform::must(write_file_atomically(file.string() + ".kept", "100000\n"));
      if (blob_is_there) TestPlatform::must(stores->blobs->adopt(file, {}));
      restart();
      const auto before = videos_of("u1");
      if (by_sweep) sweep_uploads(*platform);
      const auto head = ask("HEAD", at, tus());
      EXPECT_EQ(head.status, 200);
      EXPECT_EQ(head.field("upload-offset"), "100000");
      expect_source(head.field("upload-video-id"), bytes);
      EXPECT_EQ(ask("HEAD", at, tus()).field("upload-video-id"), head.field("upload-video-id"));
      EXPECT_EQ(videos_of("u1"), before + 1);
      EXPECT_EQ(files_left(), 0);
    }
}

TEST_F(UploadsTest, TheSweepRemovesFilesOfNobody) {
  const auto at = create(10);
  const auto stray = folder / "uploads" / "01934f6e-0000-7000-8000-000000000001";
  TestPlatform::must(write_file_atomically(stray, "x"));
  TestPlatform::must(write_file_atomically(stray.string() + ".kept", "0\n"));
  EXPECT_EQ(files_left(), 4);
  sweep_uploads(*platform);
  EXPECT_EQ(files_left(), 2);
  EXPECT_EQ(offset_of(at), "0");
}

TEST_F(UploadsTest, ACreationUnderOneKeyMakesOneUpload) {
  const Fields fields = tus({{"Upload-Length", "10"}, {"Idempotency-Key", "k1"}});
  const auto first = ask("POST", "/api/uploads", fields);
  const auto again = ask("POST", "/api/uploads", fields);
  EXPECT_EQ(again.status, 201);
  EXPECT_EQ(again.field("location"), first.field("location"));
  EXPECT_EQ(again.field("idempotency-replayed"), "true");
  EXPECT_EQ(files_left(), 2);
  EXPECT_EQ(ask("POST", "/api/uploads", tus({{"Upload-Length", "11"}, {"Idempotency-Key", "k1"}})).status, 422);
}

// The server dies between the row of a new upload and its file; the client sends the creation again.
TEST_F(UploadsTest, ACreationThatACrashCaughtIsMended) {
  const Fields fields = tus({{"Upload-Length", "5"}, {"Idempotency-Key", "k1"}});
  const auto at = ask("POST", "/api/uploads", fields).field("location");
  std::filesystem::remove(file_of(at));
  TestPlatform::must(stores->idempotency.forget_before(1LL << 60));
  restart();
  EXPECT_EQ(ask("POST", "/api/uploads", fields).field("location"), at);
  EXPECT_EQ(offset_of(at), "0");
  expect_source(patch(at, 0, "01234").field("upload-video-id"), "01234");
}

}  // namespace
}  // namespace vf::http::testing
