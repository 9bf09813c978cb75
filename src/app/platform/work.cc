#include "app/platform/work.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>

#include <fmt/format.h>

#include "app/platform/options.h"
#include "app/platform/tracing.h"
#include "app/platform/workshop.h"
#include "http/handlers/handlers.h"
#include "http/router.h"
#include "http/server/server.h"
#include "queue/embedded/embedded_doorbell.h"

namespace vf::app {
namespace {

// Health and figures are everybody's; there is nothing else here.
class OpenDoor final : public http::Gate {
 public:
  std::variant<http::Admitted, http::Response> admit(const http::Request&, const http::Endpoint&) override {
    return http::Admitted{};
  }
};

// What a worker says of itself over HTTP.
class Window {
 public:
  Result<void> open(const std::string& address, http::SystemParts parts) {
    http::ServerOptions options;
    VF_CHECK(listen_on(address, options));
    options.io_threads = options.work_threads = options.slow_threads = 1;
    router_ = VF_TRY(http::Router::create(http::system_endpoints(std::move(parts)), door_));
    server_ = VF_TRY(http::Server::listen(std::move(options), *router_));
    return {};
  }

  std::string url(const std::string& address) const {
    return server_ ? fmt::format("http://{}:{}", address.substr(0, address.rfind(':')), server_->port()) : "";
  }

 private:
  OpenDoor door_;
  std::unique_ptr<http::Router> router_;
  std::unique_ptr<http::Server> server_;
};

}  // namespace

void wait_for(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  wake.wait(lock, stop, [] { return false; });
}

Result<void> work(const Config& config, std::stop_token stop, const std::function<void(const Working&)>& on_started) {
  auto storage = VF_TRY(open_storage(config));
  const auto log = VF_TRY(telemetry::Log::open(log_options(config, storage.folder)));
  telemetry::Metrics metrics;
  metrics.on_read([] {
    return std::vector<telemetry::Reading>{
        {"videoforge_build_info", "Constant 1, with the version.", {{"version", VIDEOFORGE_VERSION}}, 1}};
  });
  const auto tracer = VF_TRY(open_tracer(config, "worker", [&log](const Error& error) {
    log->error("system", error.message, {{"detail", error.detail}});
  }));
  queue::EmbeddedDoorbell doorbell;
  const auto workshop =
      VF_TRY(open_workshop(config, storage, doorbell, *log, metrics, tracer.get(), [](const std::string&) {}));
  const auto ready = [&workshop] {
    return std::vector<http::Check>{
        {"worker", workshop.worker->healthy(), "the last look for work failed; the log says why"}};
  };
  Window window;
  const auto& address = config.text("worker.listen");
  if (!address.empty())
    VF_CHECK(window.open(address, {VIDEOFORGE_VERSION, ready, [&metrics] { return metrics.text(); }}));
  on_started({std::max(1, slots_of(config)), window.url(address)});
  wait_for(stop);
  return {};
}

}  // namespace vf::app
