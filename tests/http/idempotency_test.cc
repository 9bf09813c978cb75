// A POST that is sent again must not do its work again.
#include "http/idempotency.h"

#include <latch>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/uuid.h"
#include "http/message/problem.h"
#include "http/test_platform.h"

namespace vf::http::testing {
namespace {

class IdempotencyTest : public ::testing::Test {
 protected:
  static Call call(const std::string& key, const std::string& body, const std::string& user = "u1") {
    Call out;
    out.request.method = "POST";
    out.request.path = "/api/jobs";
    if (!key.empty()) out.request.headers.add("Idempotency-Key", key);
    out.who.user = user;
    out.body = body;
    return out;
  }
  static const std::string& text(const Response& response) { return std::get<std::string>(response.body); }

  TempFolder folder;
  TestPlatform stores{folder.path()};
  Platform platform = stores.platform(folder.path());
  std::atomic<int> done = 0;
  Handler handler = idempotent(platform, [this](const Call& c) {
    const int n = ++done;
    if (c.body == "bad") return problem(c.request, 400, "invalid_argument", "No.");
    return json_response(201, json::object{{"n", n}});
  });
};

TEST_F(IdempotencyTest, TheSameRequestGetsTheFirstAnswer) {
  const auto first = handler(call("k1", "{}"));
  const auto again = handler(call("k1", "{}"));
  EXPECT_EQ(done, 1);
  EXPECT_EQ(again.status, 201);
  EXPECT_EQ(text(again), text(first));
  EXPECT_EQ(again.headers.get("Idempotency-Replayed"), "true");
  EXPECT_EQ(first.headers.find("Idempotency-Replayed"), nullptr);
}

TEST_F(IdempotencyTest, ItSurvivesARestart) {
  const auto first = handler(call("k1", "{}"));
  TestPlatform later(folder.path());
  auto other = later.platform(folder.path());
  const auto restarted = idempotent(other, [](const Call&) { return json_response(500, nullptr); });
  EXPECT_EQ(text(restarted(call("k1", "{}"))), text(first));
}

TEST_F(IdempotencyTest, AnotherRequestUnderTheKeyIsRefused) {
  handler(call("k1", "{}"));
  const auto other = handler(call("k1", "{\"a\":1}"));
  EXPECT_EQ(other.status, 422);
  auto elsewhere = call("k1", "{}");
  elsewhere.request.path = "/api/videos/import";
  EXPECT_EQ(handler(elsewhere).status, 422);
  EXPECT_EQ(done, 1);
}

TEST_F(IdempotencyTest, KeysBelongToTheirAccount) {
  handler(call("k1", "{}", "u1"));
  EXPECT_EQ(handler(call("k1", "{}", "u2")).status, 201);
  EXPECT_EQ(done, 2);
}

TEST_F(IdempotencyTest, WithoutAKeyEveryRequestCounts) {
  handler(call("", "{}"));
  handler(call("", "{}"));
  EXPECT_EQ(done, 2);
}

TEST_F(IdempotencyTest, ARefusalMayBeTriedAgain) {
  EXPECT_EQ(handler(call("k1", "bad")).status, 400);
  EXPECT_EQ(handler(call("k1", "{}")).status, 201);
  EXPECT_EQ(done, 2);
}

TEST_F(IdempotencyTest, AKeyThatCannotBeOneIsRefused) {
  EXPECT_EQ(handler(call(std::string(256, 'k'), "{}")).status, 400);
  EXPECT_EQ(handler(call("two words", "{}")).status, 400);
  EXPECT_EQ(done, 0);
}

TEST_F(IdempotencyTest, OfManyAtOnceOneDoesTheWork) {
  std::latch inside(1), go(1);
  const auto slow = idempotent(platform, [&](const Call&) {
    ++done;
    inside.count_down();
    go.wait();
    return json_response(201, json::object{});
  });
  Response first;
  std::thread worker([&] { first = slow(call("k1", "{}")); });
  inside.wait();
  const auto second = slow(call("k1", "{}"));
  EXPECT_EQ(second.status, 409);
  EXPECT_EQ(second.headers.get("Retry-After"), "1");
  go.count_down();
  worker.join();
  EXPECT_EQ(first.status, 201);
  EXPECT_EQ(slow(call("k1", "{}")).headers.get("Idempotency-Replayed"), "true");
  EXPECT_EQ(done, 1);
}

TEST_F(IdempotencyTest, AnIdDerivedFromTheKeyIsTheSameAgain) {
  IdempotencyKeys keys(platform);
  const auto one = keys.claim(call("k1", ""))->derived_id();
  EXPECT_TRUE(is_uuid(one));
  EXPECT_EQ(keys.claim(call("k1", ""))->derived_id(), one);
  EXPECT_NE(keys.claim(call("k1", "", "u2"))->derived_id(), one);
  EXPECT_NE(keys.claim(call("", ""))->derived_id(), keys.claim(call("", ""))->derived_id());
}

}  // namespace
}  // namespace vf::http::testing
