#include "app/platform/serve.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <set>

#include "app/engine.h"
#include "app/platform/endpoints.h"
#include "app/platform/figures.h"
#include "app/platform/housekeeping.h"
#include "app/platform/job_plan.h"
#include "app/platform/options.h"
#include "app/platform/single_sign_on.h"
#include "app/platform/tracing.h"
#include "app/platform/work.h"
#include "app/platform/workshop.h"
#include "base/clock.h"
#include "base/json_case.h"
#include "cache/memory/memory_cache.h"
#include "http/answers.h"
#include "http/export.h"
#include "http/quotas.h"
#include "http/router.h"
#include "http/server/server.h"
#include "queue/embedded/embedded_doorbell.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

namespace vf::app {
namespace {

using telemetry::Level;

constexpr auto kNotice = std::chrono::milliseconds(250);    // between two looks at the event log
constexpr auto kProgress = std::chrono::milliseconds(500);  // progress reaches a client so often at most
constexpr auto kTidy = std::chrono::minutes(5);
constexpr auto kCollect = std::chrono::hours(1);

// One running server; see serve.h for the order.
class Running {
 public:
  Running(const Config& config, Storage storage) : config_(config), storage_(std::move(storage)) {}

  Result<void> start() {
    log_ = VF_TRY(telemetry::Log::open(log_options(config_, storage_.folder)));
    tracer_ = VF_TRY(open_tracer(config_, "serve", [this](const Error& error) { complain(error); }));
    cache::MemoryCacheOptions memory;
    memory.max_bytes = config_.number("cache.answers");
    cache_ = cache::make_memory_cache(memory);
    answers_ = VF_TRY(http::Answers::create(*cache_, *storage_.events,
                                            [this](std::string_view what, bool hit) { metrics_.cache(what, hit); }));
    quotas_.emplace(*storage_.quotas, quota_shares(config_), wall_clock_ms);
    VF_CHECK(open_accounts());
    platform_.emplace(
        http::Platform{platform_options(config_),
                       *storage_.videos,
                       *storage_.jobs,
                       *storage_.uploads,
                       *storage_.playlists,
                       *storage_.events,
                       *storage_.idempotency,
                       *storage_.blobs,
                       orderable_kinds(),
                       accounts_->links(),
                       storage_.uploads_dir(),
                       wall_clock_ms,
                       [this] { doorbell_.ring(); },
                       [this](const auto& video, const auto& kind, const auto& params) {
                         return plan_job(look_parts(), video, kind, params);
                       },
                       [this](const auto& video, bool loudness) { return look_at(look_parts(), video, loudness); },
                       tracer_.get(),
                       [this](const store::Job& job) {
                         metrics_.job(job.kind, "cancelled");
                         if (tracer_) trace_job(*tracer_, job, "cancelled", "");
                       },
                       config_.number("cache.answers") > 0 ? answers_.get() : nullptr,
                       storage_.assets.get(),
                       [this](const auto& owner, const auto& kind, const auto& blob) {
                         return look_at_asset(look_parts(), owner, kind, blob);
                       },
                       &*quotas_,
                       &accounts_->audit()});
    // Not the worker's: somebody waits for these looks, so they are as nice as the server.
    nursery_ = std::make_unique<media::Nursery>(VF_TRY(media::Nursery::create({})));
    VF_CHECK(open_router());
    if (slots_of(config_) > 0) {
      workshop_ = VF_TRY(open_workshop(config_, storage_, doorbell_, *log_, metrics_, tracer_.get(),
                                       [this](const std::string& job) { moved(job); }));
    }
    server_ = VF_TRY(http::Server::listen(VF_TRY(server_options(config_)), *router_));
    seen_ = VF_TRY(storage_.events->head());
    metrics_.on_read([this] { return readings(); });
    threads_.emplace_back([this](const std::stop_token& stop) { tell_streams(stop); });
    threads_.emplace_back([this](const std::stop_token& stop) { tidy(stop); });
    log_->info("system", "The server answers requests.",
               {{"port", server_->port()}, {"data", storage_.folder.string()}});
    return {};
  }

  Started started() const {
    const auto options = *server_options(config_);
    const bool any = options.address == "::" || options.address == "0.0.0.0";
    return {fmt::format("{}://{}:{}", options.tls ? "https" : "http",
                        any || options.address == "127.0.0.1" ? "localhost" : options.address, server_->port()),
            accounts_->bootstrap_token(), workshop_.worker ? slots_of(config_) : 0};
  }

  void stop() {
    log_->info("system", "The server stops.");
    server_->stop(std::chrono::milliseconds(config_.milliseconds("server.stop_grace")));
    for (auto& thread : threads_) thread.request_stop();
    threads_.clear();
    workshop_.worker.reset();
    log_->info("system", "The server has stopped.");
  }

 private:
  LookParts look_parts() { return {*storage_.blobs, *storage_.checkpoints, *nursery_}; }

  Result<void> open_accounts() {
    http::AccountsOptions options;
    if (!config_.text("server.public_url").empty()) options.issuer = config_.text("server.public_url");
    const auto& registration = config_.text("auth.registration");
    options.registration = registration == "open"         ? http::Registration::open
                           : registration == "invitation" ? http::Registration::invitation
                                                          : http::Registration::closed;
    options.public_url = config_.text("server.public_url");
    options.providers = VF_TRY(identity_providers(config_));
    options.call = ask_over_network();
    options.origins = config_.list("server.cors_origins");
    options.policy.least_length =
        static_cast<std::size_t>(std::clamp<std::int64_t>(config_.number("auth.password_length"), 8, 128));
    options.policy.least_classes =
        static_cast<int>(std::clamp<std::int64_t>(config_.number("auth.password_classes"), 1, 4));
    options.rates = rate_rules(config_);
    options.quotas = &*quotas_;
    options.complain = [this](const Error& error) {
      log_->error("auth", error.message, {{"code", to_string(error.code)}, {"detail", error.detail}});
    };
    options.cache = cache_.get();
    options.more_of = [this](const std::string& user) { return http::export_of(*platform_, user); };
    options.removed = [this](const std::string& user) {
      if (auto removed = remove_everything_of(storage_, user); !removed) complain(removed.error());
    };
    accounts_ = VF_TRY(http::Accounts::create(storage_.account_stores(), VF_TRY(open_secret_box(config_)), options));
    return {};
  }

  Result<void> open_router() {
    auto endpoints = all_endpoints(
        *accounts_, *platform_, {VIDEOFORGE_VERSION, [this] { return checks(); }, [this] { return metrics_.text(); }});
    http::RouterHooks hooks;
    hooks.opened = [this](const http::Request& request) {
      if (request.trace) request.trace->begin_ns = telemetry::unix_nanoseconds();
      metrics_.request_began();
      if (tracer_) begin_request(*tracer_, request);
    };
    hooks.failed = [this](const http::Request& request, std::string_view what) {
      // Without the path, which may hold a link's token: the request's own line names its route.
      log_->error("api", "A request met a fault of the server.",
                  {{"correlationId", request.correlation}, {"method", request.method}, {"detail", what}});
    };
    hooks.finished = [this](const http::Finished& done) { note(done); };
    router_ = VF_TRY(http::Router::create(std::move(endpoints), accounts_->gate(), std::move(hooks)));
    return {};
  }

  void note(const http::Finished& done) {
    if (done.request.trace && done.request.trace->begin_ns != 0) metrics_.request_ended();
    if (tracer_) end_request(*tracer_, done);
    const auto route = done.endpoint ? std::string_view(done.endpoint->path) : std::string_view();
    metrics_.request(done.request.method, route, done.status, done.seconds, done.bytes_in, done.bytes_out);
    const bool quiet = done.status < 400 && done.request.method == "GET";
    const auto level = done.status >= 500 ? Level::error : quiet ? Level::debug : Level::info;
    log_->write(level, "api", "request",
                {{"correlationId", done.request.correlation},
                 {"method", done.request.method},
                 // The template where there is one: a path may hold a token.
                 {"route", route.empty() ? std::string_view("none") : route},
                 {"status", done.status},
                 {"seconds", done.seconds},
                 {"bytesIn", done.bytes_in},
                 {"bytesOut", done.bytes_out},
                 {"address", done.request.peer}});
  }

  std::vector<http::Check> checks() {
    std::vector<http::Check> out;
    const auto head = storage_.events->head();
    out.push_back({"database", head.has_value(), head ? "" : head.error().message});
    const auto free = storage_.blobs->free_bytes();
    const bool room = free && *free > config_.number("uploads.disk_margin");
    out.push_back({"storage", room,
                   free ? fmt::format("{} MiB are free, and {} are kept free", *free >> 20,
                                      config_.number("uploads.disk_margin") >> 20)
                        : free.error().message});
    if (workshop_.worker)
      out.push_back({"worker", workshop_.worker->healthy(), "the last look for work failed; the log says why"});
    return out;
  }

  std::vector<telemetry::Reading> readings() {
    auto out = stored_figures(storage_);
    out.push_back({"videoforge_build_info", "Constant 1, with the version.", {{"version", VIDEOFORGE_VERSION}}, 1});
    const auto load = server_->load();
    out.push_back({"videoforge_http_connections", "Open connections.", {}, double(load.connections)});
    out.push_back({"videoforge_http_event_streams", "Open event streams.", {}, double(load.event_streams)});
    out.push_back(
        {"videoforge_http_waiting_requests", "Requests that wait for a thread.", {}, double(load.waiting_requests)});
    out.push_back({"videoforge_http_waiting_slow_requests",
                   "Sign-ins and the like that wait for their lane.",
                   {},
                   double(load.waiting_slow)});
    if (const auto cached = cache_->load()) {
      out.push_back({"videoforge_cache_answers", "Answers that are kept.", {}, double(cached->values)});
      out.push_back({"videoforge_cache_bytes", "Memory that they take.", {}, double(cached->bytes)});
    }
    for (const auto& [result, count] :
         {std::pair{"sent", tracer_ ? tracer_->sent() : 0}, std::pair{"dropped", tracer_ ? tracer_->dropped() : 0}})
      out.push_back(
          {"videoforge_trace_spans_total", "Spans, by what became of them.", {{"result", result}}, double(count)});
    if (const auto head = storage_.events->head())
      out.push_back({"videoforge_events_lag",
                     "Events that streams were not told of yet.",
                     {},
                     double(std::max<std::int64_t>(0, *head - seen_))});
    return out;
  }

  void moved(const std::string& job) {
    const std::scoped_lock lock(mutex_);
    moved_.insert(job);
  }

  // Streams read the log themselves; here they are told when to look. Other processes write to it, too.
  void tell_streams(const std::stop_token& stop) {
    auto next_progress = std::chrono::steady_clock::now();
    while (pause(stop, kNotice)) {
      watch_clock();
      const auto now = std::chrono::steady_clock::now();
      if (const auto changes = storage_.events->changes(seen_)) {
        seen_ = changes->head;
        for (const auto& subject : changes->subjects) server_->wake("job:" + subject);
      }
      if (now < next_progress) continue;
      next_progress = now + kProgress;
      std::set<std::string> jobs;
      {
        const std::scoped_lock lock(mutex_);
        jobs.swap(moved_);
      }
      for (const auto& job : jobs) server_->wake("job:" + job);
    }
  }

  void watch_clock() {
    const auto held = process_clock().held_ms();
    if (std::exchange(clock_held_, held != 0) == (held != 0)) return;
    if (held != 0)
      log_->write(Level::warning, "system", "The machine's clock jumped; it is followed when it stays so for an hour.",
                  {{"seconds", static_cast<double>(held) / 1000}});
    else
      log_->info("system", "The machine's clock is followed again.", {});
  }

  void tidy(const std::stop_token& stop) {
    auto next_collect = std::chrono::steady_clock::now() + kTidy;
    do {
      report("expired", sweep_expired(storage_, *platform_, wall_clock_ms()));
      if (auto tended = accounts_->tend(); !tended) complain(tended.error());
      if (std::chrono::steady_clock::now() < next_collect) continue;
      next_collect = std::chrono::steady_clock::now() + kCollect;
      report("collected", collect_blobs(storage_, config_.number("cache.max_size")));
    } while (pause(stop, kTidy));
  }

  void report(std::string_view what, const Result<Swept>& swept) {
    if (!swept) return complain(swept.error());
    if (swept->videos + swept->results + swept->uploads + swept->blobs == 0) return;
    log_->info("system", fmt::format("Housekeeping: {}.", what),
               {{"videos", swept->videos},
                {"results", swept->results},
                {"uploads", swept->uploads},
                {"blobs", swept->blobs},
                {"bytes", swept->bytes}});
  }

  void complain(const Error& error) {
    log_->error("system", error.message, {{"code", to_string(error.code)}, {"detail", error.detail}});
  }

  // False once the thread is to end.
  bool pause(const std::stop_token& stop, std::chrono::steady_clock::duration time) {
    std::unique_lock lock(pause_mutex_);
    paused_.wait_for(lock, stop, time, [] { return false; });
    return !stop.stop_requested();
  }

  const Config& config_;
  Storage storage_;
  std::unique_ptr<telemetry::Log> log_;
  telemetry::Metrics metrics_;
  std::unique_ptr<telemetry::Tracer> tracer_;  // none: traces are off
  queue::EmbeddedDoorbell doorbell_;
  std::unique_ptr<cache::Cache> cache_;
  std::unique_ptr<http::Answers> answers_;
  std::optional<http::Quotas> quotas_;
  std::unique_ptr<http::Accounts> accounts_;
  std::optional<http::Platform> platform_;
  std::unique_ptr<http::Router> router_;
  std::unique_ptr<media::Nursery> nursery_;
  Workshop workshop_;
  std::unique_ptr<http::Server> server_;
  std::atomic<std::int64_t> seen_ = 0;  // of the event log
  bool clock_held_ = false;
  std::mutex mutex_;
  std::set<std::string> moved_;  // jobs with new progress
  std::mutex pause_mutex_;
  std::condition_variable_any paused_;
  std::vector<std::jthread> threads_;
};

}  // namespace

Result<void> serve(const Config& config, std::stop_token stop, const std::function<void(const Started&)>& on_started) {
  Running running(config, VF_TRY(open_storage(config)));
  VF_CHECK(running.start());
  on_started(running.started());
  wait_for(stop);
  running.stop();
  return {};
}

}  // namespace vf::app
