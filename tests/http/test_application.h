// What the server's tests serve: a few paths with known behaviour, and a record of what happened.
#pragma once

#include <fcntl.h>

#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

#include <fmt/format.h>

#include "http/message/problem.h"
#include "http/server/server.h"
#include "support/temp_folder.h"

namespace vf::http::testing {

using vf::test::TempFolder;

class TestApplication : public Application {
 public:
  // /hello, /slow (150 ms), /big (text), /file (three pieces, `content`), /growing, /echo (a body up to
  // 1 MiB), /costly (waits in the slow lane, then until `open_costly`), /picky (refuses the body), /early (answers
  // after the first bytes), /events, /throws
  bool instant(const Request& request) const override { return request.path == "/file"; }
  Opened open(const Request& request) override {
    ++opened;
    const auto& path = request.path;
    if (path == "/echo") return {std::make_unique<Echo>(*this, request), 1 << 20, {}};
    if (path == "/early") return {std::make_unique<Early>(*this), 1LL << 40, {}};
    if (path == "/swallow") return {std::make_unique<Swallow>(*this), 1LL << 40, {}};
    if (path == "/costly") return {std::make_unique<Costly>(*this), 1 << 20, {}, request.peer};
    if (path == "/throws") throw std::runtime_error("secret");
    Opened out;
    out.response = answer(request);
    return out;
  }
  void closed(const Request& request, int status, std::int64_t in, std::int64_t out, double) override {
    const std::lock_guard lock(mutex);
    log.push_back(fmt::format("{} {} {} in={}", request.method, request.path, status, in));
    bytes_out += out;
  }
  void failed(const Request&, std::string_view what) override {
    const std::lock_guard lock(mutex);
    log.push_back("failed: " + std::string(what));
  }
  Response refuse(const Request& request, int status, std::string_view reason) override {
    return problem(request, status, code_of(status), reason);
  }

  void set_file(std::string text, const TempFolder& folder) {
    content = std::move(text);
    const auto path = folder / "content";
    (void)write_file_atomically(path, "junk" + content);
    const auto size = static_cast<std::int64_t>(content.size());
    const std::int64_t a = size / 3, b = size / 2;
    auto open = [this, path](std::size_t piece) -> Result<UniqueFd> {
      const std::lock_guard lock(mutex);
      pieces_opened.push_back(piece);
      if (piece == piece_that_is_gone)
        return fail(ErrorCode::not_found, "A part of this file is gone.", "piece of disk");
      return open_for_read(path);
    };
    file = {{{4, a}, {4 + a, b - a}, {4 + b, size - b}}, std::move(open), size, true};
  }
  void open_costly() {
    const std::lock_guard lock(mutex);
    costly_open = true;
    costly_opened.notify_all();
  }
  // A text for every event stream, and an end.
  void publish(const std::string& text, bool end = false) {
    const std::lock_guard lock(mutex);
    events.push_back(text);
    events_end = end;
  }

  std::mutex mutex;
  std::condition_variable costly_opened;
  bool costly_open = false;
  std::vector<std::string> log;
  std::string content;
  FileBody file;
  std::vector<std::size_t> pieces_opened;
  std::optional<std::size_t> piece_that_is_gone;
  std::vector<std::string> events;
  bool events_end = false;
  std::atomic<int> opened = 0, sinks = 0, sinks_alive = 0, running = 0;
  std::atomic<std::int64_t> swallowed = 0;
  std::int64_t bytes_out = 0;
  std::atomic<int> swallow_delay_ms = 0;

 private:
  struct Counted : BodySink {
    explicit Counted(TestApplication& a) : app(a) { ++app.sinks, ++app.sinks_alive; }
    ~Counted() override { --app.sinks_alive; }
    TestApplication& app;
  };
  struct Echo : Counted {
    Echo(TestApplication& a, const Request& r) : Counted(a), request(r) {}
    std::optional<Response> write(std::span<const std::uint8_t> bytes) override {
      text.append(bytes.begin(), bytes.end());
      return {};
    }
    Response finish() override {
      Response out;
      out.headers.add("Content-Type", "application/octet-stream");
      out.body = text;
      return out;
    }
    Request request;
    std::string text;
  };
  struct Early : Counted {
    using Counted::Counted;
    std::optional<Response> write(std::span<const std::uint8_t>) override {
      return json_response(409, json::object{{"why", "enough"}});
    }
    Response finish() override { return json_response(200, json::object{}); }
  };
  struct Swallow : Counted {
    using Counted::Counted;
    std::optional<Response> write(std::span<const std::uint8_t> bytes) override {
      app.swallowed += static_cast<std::int64_t>(bytes.size());
      if (app.swallow_delay_ms > 0) std::this_thread::sleep_for(std::chrono::milliseconds(app.swallow_delay_ms));
      return {};
    }
    Response finish() override { return json_response(200, json::object{}); }
  };

  struct Costly : Counted {
    using Counted::Counted;
    std::optional<Response> write(std::span<const std::uint8_t>) override { return {}; }
    Response finish() override {
      ++app.running;
      std::unique_lock lock(app.mutex);
      app.costly_opened.wait(lock, [this] { return app.costly_open; });
      --app.running;
      return json_response(200, json::object{});
    }
  };

  Response answer(const Request& request) {
    const auto& path = request.path;
    if (path == "/hello") return json_response(200, json::object{{"hello", "world"}});
    if (path == "/who")
      return json_response(200,
                           json::object{{"peer", request.peer}, {"secure", request.secure}, {"host", request.host}});
    if (path == "/slow") {
      ++running;
      std::this_thread::sleep_for(std::chrono::milliseconds(150));
      --running;
      return json_response(200, json::object{{"slow", true}});
    }
    if (path == "/big") {
      Response out;
      out.headers.add("Content-Type", "text/plain; charset=utf-8");
      out.headers.add("ETag", "\"big\"");
      for (int i = 0; i < 2000; ++i) std::get<std::string>(out.body) += "line " + std::to_string(i) + "\n";
      return out;
    }
    if (path == "/file" || path == "/growing") {
      Response out;
      out.headers.add("Content-Type", "video/mp4");
      out.headers.add("ETag", "\"f1\"");
      out.headers.add("Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT");
      out.body = file;
      std::get<FileBody>(out.body).ranges = path == "/file";
      return out;
    }
    if (path == "/events") {
      Response out;
      auto at = std::make_shared<std::size_t>(0);
      out.body = EventStream{"news", [this, at] {
                               const std::lock_guard lock(mutex);
                               EventStream::Batch batch;
                               for (; *at < events.size(); ++*at)
                                 batch.text += fmt::format("id: {}\ndata: {}\n\n", *at, events[*at]);
                               batch.end = events_end;
                               return batch;
                             }};
      return out;
    }
    if (path == "/picky") return problem(request, 403, "forbidden", "Not for you.");
    if (path == "/inject") {
      Response out;
      out.headers.add("X-Text", "a\r\nSet-Cookie: b");
      return out;
    }
    return problem(request, 404, "not_found", "There is nothing here.");
  }
};

}  // namespace vf::http::testing
