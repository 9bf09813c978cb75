// The other ways to upload: a presigned address, a form, an address to fetch from; and the limits of all.
#include <thread>

#include "http/uploads_fixture.h"

namespace vf::http::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kHelloSha256 = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

class PresignedTest : public UploadsTest {
 protected:
  struct Ordered {
    std::string id, path;
  };
  Ordered order(const std::string& more = {}) {
    const auto answer = ask_json("/api/storage/upload-url", R"({"fileName":"film.mp4")" + more + "}");
    EXPECT_EQ(answer.status, 201) << answer.body;
    const auto url = answer.text("url");
    EXPECT_THAT(url, ::testing::StartsWith("http://videos.example/api/storage/uploads/"));
    EXPECT_EQ(answer.text("method"), "PUT");
    return {answer.text("uploadId"), url.substr(std::string("http://videos.example").size())};
  }
  Answer confirm(const std::string& id, const Fields& fields = {}) {
    return ask_json("/api/upload/confirm", R"({"uploadId":")" + id + "\"}", fields);
  }
};

TEST_F(PresignedTest, PutAndConfirm) {
  const auto bytes = random_text(2'000'000, 1);
  const auto [id, path] = order(R"(,"sizeBytes":2000000,"contentType":"video/mp4","title":"T","visibility":"public")");
  EXPECT_EQ(confirm(id).status, 409);
  const auto put = ask("PUT", path, {{"X-User", ""}}, bytes);
  EXPECT_EQ(put.status, 200) << put.body;
  EXPECT_EQ(put.text("sha256"), sha256_hex(bytes));
  EXPECT_EQ(videos_of("u1"), 0);
  EXPECT_EQ(confirm(id, {{"X-User", "u2"}}).status, 404);
  const auto made = confirm(id);
  EXPECT_EQ(made.status, 201);
  expect_source(made.text("videoId"), bytes);
  EXPECT_EQ(video(made.text("videoId")).title, "T");
  EXPECT_EQ(video(made.text("videoId")).visibility, "public");
  EXPECT_EQ(confirm(id).body, made.body);
  EXPECT_EQ(videos_of("u1"), 1);
  EXPECT_EQ(jobs_of("u1"), 1);
}

TEST_F(PresignedTest, TheAddressIsARightForOneUploadAndAWhile) {
  const auto [id, path] = order();
  const auto [other, other_path] = order();
  const auto token = path.substr(path.rfind('/'));
  EXPECT_EQ(ask("PUT", "/api/storage/uploads/" + other + token, {}, "hello").status, 403);
  EXPECT_EQ(ask("PUT", "/api/storage/uploads/" + id + "/x", {}, "hello").status, 403);
  stores->shift_ms = options.presigned_ms + 2000;
  EXPECT_EQ(ask("PUT", path, {}, "hello").status, 403);
  stores->shift_ms = 0;
  EXPECT_EQ(ask("PUT", path, {}, "hello").status, 200);
  EXPECT_EQ(ask("PUT", path, {}, "HELLO").status, 409);
  expect_source(confirm(id).text("videoId"), "hello");
}

// security.md 16
TEST_F(PresignedTest, ALengthOrChecksumThatLiesStoresNothing) {
  const auto [id, path] = order(R"(,"sizeBytes":5)");
  EXPECT_EQ(ask("PUT", path, {}, "hell").status, 400);
  EXPECT_EQ(ask("PUT", path, {}, "hello!").status, 400);
  RawClient chunked(server->port());
  chunked.say(head_of("PUT", path, {{"Transfer-Encoding", "chunked"}}) + "4\r\nhell\r\n0\r\n\r\n");
  EXPECT_EQ(Answer(chunked.hear_answer()).status, 400);
  RawClient longer(server->port());
  longer.say(head_of("PUT", path, {{"Transfer-Encoding", "chunked"}}) + "6\r\nhello!\r\n0\r\n\r\n");
  EXPECT_EQ(Answer(longer.hear_answer()).status, 400);
  const Fields wrong[] = {{{"x-checksum-sha256", std::string(64, '0')}},
                          {{"Content-MD5", "AAAAAAAAAAAAAAAAAAAAAA=="}},
                          {{"Repr-Digest", "sha-256=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:"}},
                          {{"Content-MD5", "too short"}},
                          {{"Repr-Digest", "sha-256=x"}}};
  for (const auto& fields : wrong) {
    const auto answer = ask("PUT", path, fields, "hello");
    EXPECT_EQ(answer.status, 400) << fields.front().second;
  }
  EXPECT_EQ(confirm(id).status, 409);
  EXPECT_EQ(blobs_stored(), 0);
  EXPECT_EQ(std::filesystem::file_size(folder / "uploads" / id), 0U);
  const auto right = ask("PUT", path,
                         {{"x-checksum-sha256", kHelloSha256},
                          {"Content-MD5", "XUFAKrxLKna5cZ2REBfFkg=="},
                          {"Repr-Digest", "sha-512=:x:, sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:"}},
                         "hello");
  EXPECT_EQ(right.status, 200) << right.body;
}

TEST_F(PresignedTest, ABrokenPutMayBeSentAgain) {
  const auto [id, path] = order(R"(,"sizeBytes":10)");
  {
    RawClient client(server->port());
    client.say(head_of("PUT", path, {{"Content-Length", "10"}}) + "xxxxx");
    while (std::filesystem::file_size(folder / "uploads" / id) != 5)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    EXPECT_EQ(ask("PUT", path, {}, "0123456789").status, 423);
    EXPECT_EQ(confirm(id).status, 423);
  }
  while (confirm(id).status == 423) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_EQ(ask("PUT", path, {}, "0123456789").status, 200);
  expect_source(confirm(id).text("videoId"), "0123456789");
}

TEST_F(PresignedTest, AnOrderThatMakesNoSenseIsRefused) {
  for (const char* body : {R"({})", R"({"fileName":"a","sizeBytes":0})", R"({"fileName":"a","visibility":"secret"})",
                           R"({"fileName":"a","contentType":"a\r\nX: y"})", R"({"fileName":"a","role":"admin"})"})
    EXPECT_EQ(ask_json("/api/storage/upload-url", body).status, 400) << body;
  EXPECT_EQ(files_left(), 0);
}

class FormTest : public UploadsTest {
 protected:
  static std::string part(const std::string& name, const std::string& content, const std::string& file = {}) {
    return "--B\r\nContent-Disposition: form-data; name=\"" + name + "\"" +
           (file.empty() ? "" : "; filename=\"" + file + "\"\r\nContent-Type: video/mp4") + "\r\n\r\n" + content +
           "\r\n";
  }
  Answer send(const std::string& parts, Fields fields = {}) {
    fields.emplace_back("Content-Type", "multipart/form-data; boundary=B");
    return ask("POST", "/api/videos", fields, parts + "--B--\r\n");
  }
  void expect_nothing_left() {
    EXPECT_EQ(files_left(), 0);
    EXPECT_EQ(videos_of("u1"), 0);
    EXPECT_EQ(blobs_stored(), 0);
    EXPECT_TRUE(TestPlatform::must(stores->uploads.open()).empty());
  }
};

TEST_F(FormTest, FieldsAndFileBecomeAVideo) {
  const auto bytes = random_text(700'000, 1);
  const auto answer = send(part("title", "Ein Film") + part("file", bytes, "film.mp4") + part("tags", "a, b") +
                           part("visibility", "unlisted") + part("description", "Line\nline"));
  ASSERT_EQ(answer.status, 201) << answer.body;
  const auto body = answer.json().as_object();
  const std::string id(body.at("video").at("id").as_string());
  expect_source(id, bytes);
  EXPECT_EQ(body.at("job").at("kind").as_string(), "transcode");
  const auto made = video(id);
  EXPECT_EQ(made.title, "Ein Film");
  EXPECT_EQ(made.tags, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(made.visibility, "unlisted");
  EXPECT_EQ(made.description, "Line\nline");
  EXPECT_EQ(made.file_name, "film.mp4");
  EXPECT_EQ(files_left(), 0);
}

TEST_F(FormTest, WhatIsNotAWholeFormLeavesNothing) {
  EXPECT_EQ(send(part("title", "a")).status, 400);
  EXPECT_EQ(send(part("file", "", "a.mp4")).status, 400);
  EXPECT_EQ(send(part("file", "x", "a.mp4") + part("file", "y", "b.mp4")).status, 400);
  EXPECT_EQ(send(part("file", "x", "a.mp4") + part("role", "admin")).status, 400);
  EXPECT_EQ(send(part("file", "x", "a.mp4") + part("visibility", "everybody")).status, 400);
  EXPECT_EQ(send(part("file", "x", "a.mp4") + part("title", std::string(301, 't'))).status, 400);
  EXPECT_EQ(ask("POST", "/api/videos", {{"Content-Type", "multipart/form-data; boundary=B"}},
                part("file", "cut off", "a.mp4"))
                .status,
            400);
  EXPECT_EQ(ask("POST", "/api/videos", {{"Content-Type", "application/json"}}, "{}").status, 415);
  expect_nothing_left();
}

TEST_F(FormTest, ABrokenFormLeavesNothing) {
  {
    RawClient client(server->port());
    client.say(head_of("POST", "/api/videos",
                       {{"Content-Type", "multipart/form-data; boundary=B"}, {"Content-Length", "1000000"}}) +
               part("file", std::string(100'000, 'x'), "a.mp4"));
    while (files_left() == 0) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  while (!TestPlatform::must(stores->uploads.open()).empty()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  expect_nothing_left();
}

TEST_F(FormTest, TheSameFormUnderAKeyMakesOneVideo) {
  const auto film = part("file", "film", "a.mp4");
  const auto first = send(film, {{"Idempotency-Key", "k"}});
  EXPECT_EQ(first.status, 201);
  // Sent again by a client that takes another boundary.
  auto other = film + "--B--\r\n";
  for (std::size_t at; (at = other.find("--B")) != std::string::npos;) other.replace(at, 3, "--C");
  const auto again = ask("POST", "/api/videos",
                         {{"Content-Type", "multipart/form-data; boundary=C"}, {"Idempotency-Key", "k"}}, other);
  EXPECT_EQ(again.status, 201);
  EXPECT_EQ(again.body, first.body);
  EXPECT_EQ(send(part("file", "other", "a.mp4"), {{"Idempotency-Key", "k"}}).status, 422);
  EXPECT_EQ(videos_of("u1"), 1);
  EXPECT_EQ(files_left(), 0);
}

// security.md 23
TEST_F(FormTest, FileNamesAreText) {
  const std::pair<std::string, std::string> names[] = {
      {"-i", "-i"},
      {"../../etc/passwd", "passwd"},
      {"C:\\\\fakepath\\\\a.mp4", "a.mp4"},
      {"evil\xE2\x80\xAEgpj.mp4", "evilgpj.mp4"},
      {"tab\there", "tabhere"},
      {"caf\xC3\xA9 'quotes' $(x).mov", "caf\xC3\xA9 'quotes' $(x).mov"},
      {std::string(400, 'n'), std::string(255, 'n')},
      {std::string(254, 'n') + "\xC3\xA9", std::string(254, 'n')},
  };
  for (const auto& [sent, kept] : names) {
    const auto answer = send(part("file", "x", sent));
    ASSERT_EQ(answer.status, 201) << sent << answer.body;
    const std::string id(answer.json().as_object().at("video").at("id").as_string());
    EXPECT_EQ(video(id).file_name, kept);
    EXPECT_FALSE(video(id).title.empty());
  }
  EXPECT_EQ(clean_file_name(std::string("a\0b", 3)), "ab");
  EXPECT_EQ(clean_file_name("bad\xFFutf8"), "bad\xEF\xBF\xBDutf8");
  EXPECT_EQ(title_from(".mp4"), ".mp4");
  EXPECT_EQ(title_from(""), "Untitled");
}

TEST_F(UploadsTest, AnAddressIsImportedByAJob) {
  const auto answer = ask_json("/api/videos/import", R"({"url":"https://films.example/a%20b.mp4?x=1","title":"T"})");
  ASSERT_EQ(answer.status, 202) << answer.body;
  const auto made = video(answer.text("videoId"));
  EXPECT_EQ(made.state, "uploading");
  EXPECT_FALSE(made.source);
  EXPECT_EQ(made.title, "T");
  EXPECT_EQ(made.file_name, "a b.mp4");
  const auto job = TestPlatform::must(stores->jobs.find(answer.text("jobId")));
  ASSERT_TRUE(job);
  EXPECT_EQ(job->kind, "import");
  EXPECT_EQ(dump(job->params), R"({"url":"https://films.example/a%20b.mp4?x=1"})");
  EXPECT_EQ(stores->rings, 1);
  for (const std::string url :
       {"", "ftp://a/b", "file:///etc/passwd", "https://", "https://:80/x", "https://user:pw@a/b", "https://a@b/c",
        "http://a b/", "javascript:alert(1)", "//a/b", "https://a/\\u0001", "http:/a"}) {
    const auto refused = ask_json("/api/videos/import", R"({"url":")" + url + "\"}");
    EXPECT_EQ(refused.status, 400) << url;
    EXPECT_THAT(refused.body, HasSubstr("\"pointer\":\"/url\"")) << url;
  }
  EXPECT_EQ(ask_json("/api/videos/import", R"({"url":"https://a/)" + std::string(2048, 'x') + "\"}").status, 400);
  EXPECT_EQ(videos_of("u1"), 1);
}

TEST_F(UploadsTest, AnImportUnderAKeyIsOneEvenAfterACrash) {
  const auto body = R"({"url":"https://films.example/a.mp4"})";
  const auto first = ask_json("/api/videos/import", body, {{"Idempotency-Key", "k"}});
  EXPECT_EQ(ask_json("/api/videos/import", body, {{"Idempotency-Key", "k"}}).body, first.body);
  // The answer was not kept: the server died right after the video was made.
  TestPlatform::must(stores->idempotency.forget_before(1LL << 60));
  const auto again = ask_json("/api/videos/import", body, {{"Idempotency-Key", "k"}});
  EXPECT_EQ(again.status, 202);
  EXPECT_EQ(again.body, first.body);
  EXPECT_EQ(videos_of("u1"), 1);
  EXPECT_EQ(jobs_of("u1"), 1);
}

class LimitsTest : public UploadsTest {
 protected:
  void limit(const std::function<void(PlatformOptions&)>& set) {
    set(options);
    restart();
  }
  Answer begin(std::int64_t length) {
    return ask("POST", "/api/uploads", tus({{"Upload-Length", std::to_string(length)}}));
  }
};

TEST_F(LimitsTest, OfOneUpload) {
  limit([](PlatformOptions& o) { o.max_upload_bytes = 1000; });
  EXPECT_EQ(begin(1000).status, 201);
  const auto refused = begin(1001);
  EXPECT_EQ(refused.status, 413);
  EXPECT_EQ(refused.field("tus-resumable"), "1.0.0");
  EXPECT_THAT(refused.body, HasSubstr("has 1001 bytes; this server takes at most 1000"));
  EXPECT_EQ(ask("OPTIONS", "/api/uploads").field("tus-max-size"), "1000");
  EXPECT_EQ(ask_json("/api/storage/upload-url", R"({"fileName":"a","sizeBytes":1001})").status, 413);
  const auto order = ask_json("/api/storage/upload-url", R"({"fileName":"a"})");
  const auto path = order.text("url").substr(std::string("http://videos.example").size());
  EXPECT_EQ(ask("PUT", path, {}, std::string(1001, 'x')).status, 413);
  const auto deferred = ask("POST", "/api/uploads", tus({{"Upload-Defer-Length", "1"}})).field("location");
  EXPECT_EQ(patch(deferred, 0, "x", {{"Upload-Length", "1001"}}).status, 413);
  EXPECT_EQ(patch(deferred, 0, std::string(1001, 'x')).status, 413);
}

TEST_F(LimitsTest, OfAForm) {
  limit([](PlatformOptions& o) { o.max_form_bytes = 1000; });
  const auto refused =
      ask("POST", "/api/videos", {{"Content-Type", "multipart/form-data; boundary=B"}}, std::string(1001, 'x'));
  EXPECT_EQ(refused.status, 413);
  EXPECT_THAT(refused.body, HasSubstr("at most 1000 are taken"));
  EXPECT_EQ(files_left(), 0);
}

TEST_F(LimitsTest, OfAnAccountsBytes) {
  stores->quotas.shares.user.storage_bytes = 1000;
  const auto at = create(600);
  EXPECT_EQ(begin(401).status, 413);
  EXPECT_EQ(ask("POST", "/api/uploads", tus({{"Upload-Length", "900"}, {"X-User", "u2"}})).status, 201);
  EXPECT_EQ(patch(at, 0, random_text(600, 1)).status, 204);  // stored now, and still counted
  const auto refused = begin(401);
  EXPECT_EQ(refused.status, 413);
  EXPECT_EQ(refused.text("code"), "quota_exceeded");
  EXPECT_THAT(refused.body,
              HasSubstr("stores 600 bytes and 0 more are being uploaded; another 401 would pass the 1000"));
  EXPECT_EQ(begin(400).status, 201);
}

TEST_F(LimitsTest, OfAnAccountsUploadsADay) {
  stores->quotas.shares.user.uploads_a_day = 2;
  EXPECT_EQ(begin(10).status, 201);
  EXPECT_EQ(ask_json("/api/videos/import", R"({"url":"https://a.example/b"})").status, 202);
  const auto refused = begin(10);
  EXPECT_EQ(refused.status, 429);
  EXPECT_THAT(refused.body, HasSubstr("began 2 uploads within 24 hours, and may begin 2"));
  stores->shift_ms = 24LL * 3600 * 1000 + 1000;
  EXPECT_EQ(begin(10).status, 201);
}

// security.md 5, in part
TEST_F(LimitsTest, OfTheDiskBeforeAByteIsTaken) {
  const auto free = static_cast<std::int64_t>(std::filesystem::space(folder.path()).available);
  const std::int64_t reserve = 4LL << 30;  // room for what others write meanwhile
  limit([&](PlatformOptions& o) {
    o.max_upload_bytes = 1LL << 60;
    o.disk_margin_bytes = reserve;
  });
  const auto most = free - reserve;
  if (most < reserve * 3) GTEST_SKIP() << "needs a disk with 16 GiB free";
  const auto refused = begin(most + reserve);
  EXPECT_EQ(refused.status, 507);
  EXPECT_THAT(refused.body, HasSubstr(fmt::format("needs {} bytes", most + reserve)));
  EXPECT_THAT(refused.body, HasSubstr(fmt::format("{} are kept in reserve", reserve)));
  EXPECT_EQ(files_left(), 0);
  EXPECT_EQ(begin(most - reserve).status, 201);
  // What the first one was promised is not there for a second one.
  const auto second = begin(reserve * 2);
  EXPECT_EQ(second.status, 507);
  EXPECT_THAT(second.body, HasSubstr(fmt::format("{} are promised to other uploads", most - reserve)));
}

}  // namespace
}  // namespace vf::http::testing
