// The server by itself for the benchmarks: GET /hello (a small JSON answer), GET /files/NAME (of a folder),
// GET /events (event streams), POST /news (wakes them all with one event).
//
//   bench_serve FOLDER [IO WORK]      prints its port, serves until standard input ends
#include <sys/resource.h>

#include <atomic>
#include <cstdio>
#include <iostream>

#include <fmt/format.h>

#include "http/message/problem.h"
#include "http/router.h"
#include "http/server/server.h"

namespace {

using namespace vf;

class OpenDoor : public http::Gate {
 public:
  std::variant<http::Admitted, http::Response> admit(const http::Request&, const http::Endpoint&) override {
    return http::Admitted{};
  }
};

struct News {
  std::atomic<http::Server*> server = nullptr;
  std::atomic<int> count = 0;
};

http::Endpoint endpoint(std::string method, std::string path, std::function<http::Response(const http::Call&)> handle) {
  http::Endpoint out;
  out.method = std::move(method);
  out.path = std::move(path);
  out.permission = auth::Permission::open;
  out.rate = http::RateClass::none;
  out.handle = std::move(handle);
  return out;
}

http::Response file(const std::filesystem::path& folder, const http::Call& call) {
  auto fd = open_for_read(folder / call.param("name"));
  if (!fd) return http::problem(call.request, fd.error());
  auto size = file_size(fd->get());
  if (!size) return http::problem(call.request, size.error());
  http::Response out;
  out.headers.add("Content-Type", "video/mp4");
  auto open = [path = folder / call.param("name")](std::size_t) { return open_for_read(path); };
  out.body = http::FileBody{{{0, *size}}, std::move(open), *size, true};
  return out;
}

http::EventStream events(News& news) {
  auto seen = std::make_shared<int>(news.count);
  return {"news", [&news, seen] {
            http::EventStream::Batch out;
            for (; *seen < news.count; ++*seen) out.text += fmt::format("id: {0}\ndata: {0}\n\n", *seen + 1);
            return out;
          }};
}

std::vector<http::Endpoint> table(const std::filesystem::path& folder, News& news) {
  return {
      endpoint(
          "GET", "/hello",
          [](const http::Call&) { return http::json_response(200, json::object{{"status", "ok"}, {"items", 3}}); }),
      http::instant(endpoint("GET", "/files/{name}", [folder](const http::Call& call) { return file(folder, call); })),
      endpoint("GET", "/events",
               [&news](const http::Call&) {
                 http::Response out;
                 out.body = events(news);
                 return out;
               }),
      endpoint("POST", "/news",
               [&news](const http::Call&) {
                 ++news.count;
                 if (auto* server = news.server.load()) server->wake("news");
                 return http::json_response(200, json::object{});
               }),
  };
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2 && argc != 4) return 2;
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  News news;
  OpenDoor gate;
  auto router = http::Router::create(table(argv[1], news), gate);
  http::ServerOptions options;
  options.port = 0;
  if (argc == 4) options.io_threads = std::stoi(argv[2]), options.work_threads = std::stoi(argv[3]);
  if (!router) return 1;
  auto server = http::Server::listen(std::move(options), **router);
  if (!server) {
    fmt::print(stderr, "{}\n", server.error().message);
    return 1;
  }
  news.server = server->get();
  fmt::print("{}\n", (*server)->port());
  std::fflush(stdout);
  while (std::cin.get() != EOF) {
  }
  (*server)->stop(std::chrono::seconds(1));
  return 0;
}
