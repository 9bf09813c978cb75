// A real server with the upload operations over real stores, and a client that may misbehave.
#pragma once

#include <map>
#include <random>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/sha256.h"
#include "http/handlers/uploads.h"
#include "http/message/fields.h"
#include "http/raw_client.h"
#include "http/router.h"
#include "http/server/server.h"
#include "http/test_platform.h"

namespace vf::http::testing {

// Lets everybody in as whom they say they are.
class NamedGate : public Gate {
 public:
  std::variant<Admitted, Response> admit(const Request& request, const Endpoint&) override {
    Admitted out;
    out.who.user = request.headers.find("X-User") ? *request.headers.find("X-User") : "u1";
    out.who.role = auth::Role::user;
    return out;
  }
};

struct Answer {
  int status = 0;  // 0: the connection ended first
  std::map<std::string, std::string> fields;
  std::string body;

  explicit Answer(const std::string& text) {
    if (!text.starts_with("HTTP/1.1 ")) return;
    status = std::stoi(text.substr(9, 3));
    const auto end = text.find("\r\n\r\n");
    body = text.substr(end + 4);
    std::size_t at = text.find("\r\n") + 2;
    while (at < end) {
      const auto line = text.substr(at, text.find("\r\n", at) - at);
      fields[lower(line.substr(0, line.find(':')))] = line.substr(line.find(": ") + 2);
      at += line.size() + 2;
    }
  }
  std::string field(const std::string& name) const {
    const auto found = fields.find(name);
    return found == fields.end() ? "(none)" : found->second;
  }
  json::value json() const { return parse_json(body).value_or(nullptr); }
  std::string text(const char* member) const { return std::string(json().as_object().at(member).as_string()); }
};

using Fields = std::vector<std::pair<std::string, std::string>>;

inline std::string head_of(const std::string& method, const std::string& path, const Fields& fields) {
  auto out = fmt::format("{} {} HTTP/1.1\r\nHost: videos.example\r\n", method, path);
  for (const auto& [name, value] : fields) out += fmt::format("{}: {}\r\n", name, value);
  return out + "\r\n";
}

inline std::string random_text(std::size_t bytes, unsigned seed) {
  std::mt19937 random(seed);
  std::string out(bytes, '\0');
  for (auto& c : out) c = static_cast<char>(random());
  return out;
}

class UploadsTest : public ::testing::Test {
 protected:
  void SetUp() override { start(); }

  void start() {
    stores.emplace(folder.path());
    platform.emplace(stores->platform(folder.path()));
    platform->options = options;
    router = TestPlatform::must(Router::create(upload_endpoints(*platform), gate));
    ServerOptions wanted;
    wanted.port = 0;
    server = TestPlatform::must(Server::listen(std::move(wanted), *router));
  }
  void stop() {
    server.reset();
    router.reset();
    platform.reset();
    stores.reset();
  }
  void restart() {
    stop();
    start();
  }

  Answer ask(const std::string& method, const std::string& path, Fields fields = {}, const std::string& body = {}) {
    RawClient client(server->port());
    if (!body.empty() || method == "POST" || method == "PUT" || method == "PATCH")
      fields.emplace_back("Content-Length", std::to_string(body.size()));
    client.say(head_of(method, path, fields) + body);
    if (method != "HEAD") return Answer(client.hear_answer());
    return Answer(client.hear_until("\r\n\r\n"));
  }
  Answer ask_json(const std::string& path, const std::string& body, Fields fields = {}) {
    fields.emplace_back("Content-Type", "application/json");
    return ask("POST", path, fields, body);
  }

  // tus
  static Fields tus(Fields more = {}) {
    more.emplace_back("Tus-Resumable", "1.0.0");
    return more;
  }
  static Fields patch_fields(std::int64_t offset, Fields more = {}) {
    more.emplace_back("Content-Type", "application/offset+octet-stream");
    more.emplace_back("Upload-Offset", std::to_string(offset));
    return tus(more);
  }
  std::string create(std::int64_t length, Fields more = {}) {
    more.emplace_back("Upload-Length", std::to_string(length));
    const auto answer = ask("POST", "/api/uploads", tus(more));
    EXPECT_EQ(answer.status, 201) << answer.body;
    return answer.field("location");
  }
  Answer patch(const std::string& at, std::int64_t offset, const std::string& bytes, const Fields& more = {}) {
    return ask("PATCH", at, patch_fields(offset, more), bytes);
  }
  std::string offset_of(const std::string& at) { return ask("HEAD", at, tus()).field("upload-offset"); }

  store::Video video(const std::string& id) {
    auto found = TestPlatform::must(stores->videos.find(id));
    EXPECT_TRUE(found) << "no video " << id;
    return found.value_or(store::Video());
  }
  // Whether the video's source is exactly these bytes, under their hash.
  void expect_source(const std::string& id, const std::string& bytes) {
    const auto found = video(id);
    ASSERT_TRUE(found.source);
    EXPECT_EQ(found.source->sha256, sha256_hex(bytes));
    const auto fd = TestPlatform::must(stores->blobs->open(*found.source));
    EXPECT_TRUE(TestPlatform::must(read_whole(fd.get(), 1LL << 30)) == bytes) << "other bytes than were sent";
  }
  int videos_of(const std::string& owner) {
    store::VideoFilter filter;
    filter.owner = owner;
    return static_cast<int>(TestPlatform::must(stores->videos.list(filter, 100, {})).items.size());
  }
  int jobs_of(const std::string& owner) {
    store::JobFilter filter;
    filter.owner = owner;
    return static_cast<int>(TestPlatform::must(stores->jobs.list(filter, 100, {})).items.size());
  }
  std::filesystem::path file_of(const std::string& at) const {
    return folder / "uploads" / at.substr(at.rfind('/') + 1);
  }
  // Until so many have come, kept or not.
  void wait_for_bytes(const std::string& at, std::uintmax_t count) const {
    while (std::filesystem::file_size(file_of(at)) != count) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  int files_left() const {
    int count = 0;
    for ([[maybe_unused]] const auto& unused : std::filesystem::directory_iterator(folder / "uploads")) ++count;
    return count;
  }
  int blobs_stored() { return static_cast<int>(TestPlatform::must(stores->blobs->list()).size()); }
  static bool full() { return std::getenv("VIDEOFORGE_TEST_FULL") != nullptr; }

  TempFolder folder;
  PlatformOptions options;
  NamedGate gate;
  std::optional<TestPlatform> stores;
  std::optional<Platform> platform;
  std::unique_ptr<Router> router;
  std::unique_ptr<Server> server;
};

}  // namespace vf::http::testing
