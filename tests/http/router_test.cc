#include "http/router.h"

#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/json_body.h"

namespace vf::http {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

struct Film {
  std::string title;
  std::optional<int> year;
};
BOOST_DESCRIBE_STRUCT(Film, (), (title, year))

// Lets everybody in but those who say "stranger".
class Doorman : public Gate {
 public:
  std::variant<Admitted, Response> admit(const Request& request, const Endpoint&) override {
    ++asked;
    if (request.headers.get("X-Who") == "stranger") return problem(request, 401, "unauthorized", "Who are you?");
    return Admitted{{"u1"}, {{"RateLimit-Remaining", "9"}}};
  }
  int asked = 0;
};

Endpoint endpoint(std::string method, std::string path) {
  Endpoint out;
  out.method = std::move(method);
  out.path = path;
  out.permission = auth::Permission::open;
  out.handle = [path](const Call& call) {
    json::object params;
    for (const auto& [name, value] : call.params) params[name] = value;
    return json_response(200, json::object{{"at", path}, {"params", params}, {"user", call.who.user}});
  };
  return out;
}

Request request(std::string method, std::string path) {
  Request out;
  out.method = std::move(method);
  out.path = std::move(path);
  out.correlation = "c1";
  return out;
}

std::string text(const Response& response) { return std::get<std::string>(response.body); }

std::unique_ptr<Router> router(std::vector<Endpoint> table, Gate& gate, RouterHooks hooks = {}) {
  auto made = Router::create(std::move(table), gate, std::move(hooks));
  EXPECT_TRUE(made) << (made ? "" : made.error().message);
  return made ? std::move(*made) : nullptr;
}

class RouterTest : public ::testing::Test {
 protected:
  Doorman gate;
};

TEST_F(RouterTest, LiteralsGoBeforeParametersAndTheRestComesLast) {
  const auto made = router({endpoint("GET", "/v/{id}"), endpoint("GET", "/v/mine"), endpoint("GET", "/v/{id}/x"),
                            endpoint("GET", "/v/mine/y"), endpoint("GET", "/v/{id}/{track}.mp4"),
                            endpoint("GET", "/v/{id}/{name}"), endpoint("GET", "/a/{path...}"), endpoint("GET", "/")},
                           gate);
  const auto at = [&](const char* path) { return text(made->open(request("GET", path)).response); };
  EXPECT_THAT(at("/v/mine"), HasSubstr(R"("at":"/v/mine")"));
  EXPECT_THAT(at("/v/7"), HasSubstr(R"("params":{"id":"7"})"));
  EXPECT_THAT(at("/v/mine/x"), HasSubstr(R"("at":"/v/{id}/x","params":{"id":"mine"})"));
  EXPECT_THAT(at("/v/7/v0.mp4"), HasSubstr(R"("params":{"id":"7","track":"v0"})"));
  EXPECT_THAT(at("/v/7/.mp4"), HasSubstr(R"("params":{"id":"7","name":".mp4"})"));
  EXPECT_THAT(at("/a/b/c/"), HasSubstr(R"("params":{"path":"b/c/"})"));
  EXPECT_THAT(at("/"), HasSubstr(R"("at":"/")"));
  for (const char* path : {"/v", "/v/", "/v//x", "/a", "/a/", "/v/7/x/", "//v/7", "/V/7"})
    EXPECT_EQ(made->open(request("GET", path)).response.status, 404) << path;
}

TEST_F(RouterTest, OtherMethodsAre405WithAllow) {
  const auto made =
      router({endpoint("GET", "/v/{id}"), endpoint("DELETE", "/v/{video}"), endpoint("PATCH", "/v/mine")}, gate);
  const auto wrong = made->open(request("POST", "/v/7")).response;
  EXPECT_EQ(wrong.status, 405);
  EXPECT_EQ(wrong.headers.get("Allow"), "DELETE, GET, HEAD, OPTIONS");
  EXPECT_EQ(made->open(request("OPTIONS", "/v/7")).response.status, 204);
  EXPECT_EQ(made->open(request("HEAD", "/v/7")).response.status, 200);
  EXPECT_THAT(text(made->open(request("DELETE", "/v/7")).response), HasSubstr(R"({"video":"7"})"));
  // The literal has no GET, the parameter beside it has.
  EXPECT_EQ(made->open(request("GET", "/v/mine")).response.status, 200);
}

TEST_F(RouterTest, ATableWithAMistakeDoesNotStart) {
  const auto refused = [&](std::vector<Endpoint> table) {
    const auto made = Router::create(std::move(table), gate);
    return made ? std::string("started") : made.error().message;
  };
  auto open_door = endpoint("GET", "/a");
  open_door.permission.reset();
  EXPECT_THAT(refused({open_door}), HasSubstr("declares no permission"));
  auto nothing = endpoint("GET", "/a");
  nothing.handle = {};
  EXPECT_THAT(refused({nothing}), HasSubstr("handle"));
  EXPECT_THAT(refused({endpoint("GET", "/a/{x}"), endpoint("GET", "/a/{y}")}), HasSubstr("twice"));
  EXPECT_THAT(refused({endpoint("get", "/a")}), HasSubstr("upper case"));
  for (const char* path : {"a", "", "/a/", "//", "/{", "/{}", "/{x...}/a", "/{x}/{x}", "/a b", "/{x...}.mp4"})
    EXPECT_NE(refused({endpoint("GET", path)}), "started") << path;
}

TEST_F(RouterTest, TheGateIsAskedFirstAndItsFieldsAreOnTheAnswer) {
  const auto made = router({endpoint("GET", "/a")}, gate);
  EXPECT_EQ(made->open(request("GET", "/a")).response.headers.get("RateLimit-Remaining"), "9");
  EXPECT_THAT(text(made->open(request("GET", "/a")).response), HasSubstr(R"("user":"u1")"));
  auto stranger = request("GET", "/a");
  stranger.headers.add("X-Who", "stranger");
  EXPECT_EQ(made->open(stranger).response.status, 401);
  EXPECT_EQ(gate.asked, 3);
}

TEST_F(RouterTest, BodiesAreReadStrictly) {
  auto create = endpoint("POST", "/films");
  create.body_limit = 1000;
  create.handle = [](const Call& call) -> Response {
    auto film = read_body<Film>(call);
    if (!film) return std::move(film).error();
    return json_response(201, json::object{{"title", film->title}});
  };
  const auto made = router({create}, gate);
  const auto post = [&](std::string_view body, const char* type = "application/json; charset=UTF-8") {
    auto asked = request("POST", "/films");
    asked.headers.add("Content-Type", type);
    auto opened = made->open(asked);
    EXPECT_EQ(opened.body_limit, 1000);
    EXPECT_FALSE(opened.sink->write({reinterpret_cast<const std::uint8_t*>(body.data()), body.size()}));
    return opened.sink->finish();
  };
  EXPECT_EQ(post(R"({"title":"A"})").status, 201);
  EXPECT_EQ(post(R"({"title":"A"})").headers.get("RateLimit-Remaining"), "9");
  EXPECT_EQ(post(R"({"title":"A"})", "text/plain").status, 415);
  EXPECT_EQ(post(R"({"title":"A"})", "application/json; charset=latin1").status, 415);
  EXPECT_EQ(post("{").status, 400);
  EXPECT_EQ(post("\"\xff\"").status, 400);
  EXPECT_THAT(text(post(R"({"title":1})")), HasSubstr(R"("pointer":"/title")"));
  EXPECT_THAT(text(post(R"({"title":"A","owner":"me"})")), HasSubstr(R"("pointer":"/owner")"));
}

TEST_F(RouterTest, AnExceptionIsA500AndALineInTheLog) {
  std::string log;
  RouterHooks hooks;
  hooks.failed = [&](const Request& asked, std::string_view what) {
    log = asked.correlation + ": " + std::string(what);
  };
  auto broken = endpoint("GET", "/a");
  broken.handle = [](const Call&) -> Response { throw std::runtime_error("the table is gone"); };
  const auto made = router({broken}, gate, hooks);
  const auto answer = made->open(request("GET", "/a")).response;
  EXPECT_EQ(answer.status, 500);
  EXPECT_THAT(text(answer), HasSubstr(R"("correlationId":"c1")"));
  EXPECT_THAT(text(answer), ::testing::Not(HasSubstr("table")));
  EXPECT_EQ(log, "c1: the table is gone");
}

TEST_F(RouterTest, AFaultThatIsAValueStandsInTheLogToo) {
  std::vector<std::string> log;
  RouterHooks hooks;
  hooks.failed = [&](const Request& asked, std::string_view what) {
    log.push_back(asked.correlation + ": " + std::string(what));
  };
  Error error{ErrorCode::internal, "Cannot read the database.", "disk I/O error in /srv/data", {}};
  auto broken = endpoint("GET", "/a");
  broken.handle = [&](const Call& call) { return problem(call.request, error); };
  auto posted = endpoint("POST", "/a");
  posted.handle = broken.handle;
  posted.body_limit = 10;
  const auto made = router({broken, posted}, gate, hooks);
  const auto answer = made->open(request("GET", "/a")).response;
  EXPECT_EQ(answer.status, 500);
  EXPECT_THAT(text(answer), ::testing::Not(HasSubstr("/srv")));
  error = {ErrorCode::no_space, "Cannot write /srv/data/blobs: no space.", {}, {}};
  const auto full = made->open(request("POST", "/a")).sink->finish();
  EXPECT_EQ(full.status, 507);
  EXPECT_THAT(text(full), ::testing::Not(HasSubstr("/srv")));
  error = {ErrorCode::conflict, "It is there.", {}, {}};
  made->open(request("GET", "/a"));
  EXPECT_THAT(log, ::testing::ElementsAre("c1: Cannot read the database. disk I/O error in /srv/data",
                                          "c1: Cannot write /srv/data/blobs: no space."));
}

TEST_F(RouterTest, AStreamedBodyGoesToTheHandlersOwnSink) {
  struct Sink : BodySink {
    std::optional<Response> write(std::span<const std::uint8_t> bytes) override {
      size += bytes.size();
      if (size > 5) throw std::runtime_error("full");
      return std::nullopt;
    }
    Response finish() override { return json_response(200, json::object{{"size", size}}); }
    std::size_t size = 0;
  };
  Endpoint upload = endpoint("PATCH", "/u/{id}");
  upload.handle = {};
  upload.body_limit = 77;
  upload.begin = [](const std::shared_ptr<const Call>& call) {
    Opened out;
    if (call->param("id") == "1")
      out.sink = std::make_unique<Sink>();
    else
      out.response = problem(call->request, 404, "not_found", "No such upload.");
    return out;
  };
  const auto made = router({upload}, gate);
  auto opened = made->open(request("PATCH", "/u/1"));
  EXPECT_EQ(opened.body_limit, 77);
  const std::uint8_t bytes[4] = {};
  EXPECT_FALSE(opened.sink->write(bytes));
  const auto broken = opened.sink->write(bytes);
  ASSERT_TRUE(broken);
  EXPECT_EQ(broken->status, 500);
  EXPECT_EQ(broken->headers.get("RateLimit-Remaining"), "9");
  EXPECT_EQ(made->open(request("PATCH", "/u/2")).response.status, 404);
}

}  // namespace
}  // namespace vf::http
