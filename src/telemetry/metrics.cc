#include "telemetry/metrics.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <fstream>
#include <mutex>
#include <sstream>

#include <dirent.h>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>
#include <sys/resource.h>
#include <unistd.h>

namespace vf::telemetry {
namespace {

using Labels = std::map<std::string, std::string>;

const prometheus::Histogram::BucketBoundaries kRequestSeconds{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                                              0.25,  0.5,    1,     2.5,  5,     10,   60};
const prometheus::Histogram::BucketBoundaries kStageSeconds{0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800};

template <typename Builder>
auto& family(Builder&& builder, const char* name, const char* help, prometheus::Registry& registry) {
  return builder.Name(name).Help(help).Register(registry);
}

auto& counter(const char* name, const char* help, prometheus::Registry& r) {
  return family(prometheus::BuildCounter(), name, help, r);
}
auto& gauge(const char* name, const char* help, prometheus::Registry& r) {
  return family(prometheus::BuildGauge(), name, help, r);
}
auto& histogram(const char* name, const char* help, prometheus::Registry& r) {
  return family(prometheus::BuildHistogram(), name, help, r);
}

std::int64_t open_files() {
  std::int64_t count = -3;  // ".", ".." and the descriptor of the folder itself
  if (DIR* folder = ::opendir("/proc/self/fd")) {
    while (::readdir(folder)) ++count;
    ::closedir(folder);
  }
  return count;
}

enum class Memory { all, resident };

double memory_bytes(Memory which) {
  double whole = 0;
  double resident = 0;
  std::ifstream("/proc/self/statm") >> whole >> resident;
  return (which == Memory::all ? whole : resident) * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

double most_files() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return static_cast<double>(limit.rlim_cur);
}

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// Clients may send any word as a method; each would be a row that stays.
std::string known_method(std::string_view method) {
  constexpr std::array kKnown{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};
  return std::ranges::find(kKnown, method) == kKnown.end() ? "other" : std::string(method);
}

}  // namespace

struct Metrics::Families {
  prometheus::Registry registry;
  prometheus::Family<prometheus::Counter>& requests =
      counter("videoforge_http_requests_total", "Requests answered, by method, route and status.", registry);
  prometheus::Family<prometheus::Histogram>& request_seconds = histogram(
      "videoforge_http_request_duration_seconds", "From the request's head to the answer's last byte.", registry);
  prometheus::Family<prometheus::Gauge>& in_flight =
      gauge("videoforge_http_requests_in_flight", "Requests that are being answered.", registry);
  prometheus::Family<prometheus::Counter>& http_bytes =
      counter("videoforge_http_bytes_total", "Bytes of bodies, by direction.", registry);
  prometheus::Family<prometheus::Counter>& stages =
      counter("videoforge_stages_total", "Stages finished, by kind and outcome.", registry);
  prometheus::Family<prometheus::Histogram>& stage_seconds =
      histogram("videoforge_stage_duration_seconds", "Wall time of one execution, by kind.", registry);
  prometheus::Family<prometheus::Counter>& stage_cpu =
      counter("videoforge_stage_cpu_seconds_total", "Processor time of the sandboxed children, by kind.", registry);
  prometheus::Family<prometheus::Gauge>& stage_memory =
      gauge("videoforge_stage_peak_memory_bytes", "Most memory one execution had resident, by kind.", registry);
  prometheus::Family<prometheus::Counter>& jobs =
      counter("videoforge_jobs_finished_total", "Jobs that ended, by kind and outcome.", registry);
  prometheus::Family<prometheus::Counter>& media =
      counter("videoforge_media_seconds_total", "Length of the videos that became ready.", registry);
  prometheus::Family<prometheus::Counter>& cache_asked = counter(
      "videoforge_cache_requests_total", "Look-ups in the cache of answers, by sort of answer and result.", registry);
  prometheus::Family<prometheus::Counter>& frames_made =
      counter("videoforge_frames_extracted_total", "Frames extracted.", registry);
  prometheus::Family<prometheus::Counter>& lost =
      counter("videoforge_leases_lost_total", "Leases that a worker lost while it ran.", registry);
  prometheus::Gauge& requests_now = in_flight.Add({});
  double began = 0;  // seconds since 1970
  std::mutex mutex;
  std::vector<std::function<std::vector<Reading>()>> readers;
};

// What has not happened yet is there with 0: an alert on its rate must see the first time, too.
Metrics::Metrics() : families_(std::make_unique<Families>()) {
  for (auto* one : {&families_->media, &families_->frames_made, &families_->lost}) one->Add({});
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  families_->began = std::chrono::duration<double>(now).count();
}
Metrics::~Metrics() = default;

void Metrics::request(std::string_view method, std::string_view route, int status, double seconds,
                      std::int64_t bytes_in, std::int64_t bytes_out) {
  auto& f = *families_;
  const std::string where(route.empty() ? "none" : route);
  f.requests.Add({{"method", known_method(method)}, {"route", where}, {"status", std::to_string(status)}}).Increment();
  f.request_seconds.Add({{"route", where}}, kRequestSeconds).Observe(seconds);
  f.http_bytes.Add({{"direction", "in"}}).Increment(static_cast<double>(bytes_in));
  f.http_bytes.Add({{"direction", "out"}}).Increment(static_cast<double>(bytes_out));
}

void Metrics::request_began() { families_->requests_now.Increment(); }
void Metrics::request_ended() { families_->requests_now.Decrement(); }

void Metrics::stage(std::string_view kind, std::string_view outcome, double wall_seconds, double cpu,
                    std::int64_t peak_memory_bytes) {
  auto& f = *families_;
  const Labels by_kind{{"kind", std::string(kind)}};
  f.stages.Add({{"kind", std::string(kind)}, {"outcome", std::string(outcome)}}).Increment();
  if (wall_seconds > 0) f.stage_seconds.Add(by_kind, kStageSeconds).Observe(wall_seconds);
  f.stage_cpu.Add(by_kind).Increment(cpu);
  auto& peak = f.stage_memory.Add(by_kind);
  if (static_cast<double>(peak_memory_bytes) > peak.Value()) peak.Set(static_cast<double>(peak_memory_bytes));
}

void Metrics::job(std::string_view kind, std::string_view outcome) {
  families_->jobs.Add({{"kind", std::string(kind)}, {"outcome", std::string(outcome)}}).Increment();
}

void Metrics::media_seconds(double seconds) { families_->media.Add({}).Increment(seconds); }
void Metrics::cache(std::string_view what, bool hit) {
  families_->cache_asked.Add({{"what", std::string(what)}, {"result", hit ? "hit" : "miss"}}).Increment();
}
void Metrics::frames(std::int64_t extracted) {
  families_->frames_made.Add({}).Increment(static_cast<double>(extracted));
}
void Metrics::lease_lost() { families_->lost.Add({}).Increment(); }

void Metrics::on_read(std::function<std::vector<Reading>()> read) {
  const std::scoped_lock lock(families_->mutex);
  families_->readers.push_back(std::move(read));
}

std::string Metrics::text() {
  prometheus::Registry now;
  std::vector<Reading> readings{
      {"process_cpu_seconds_total", "Processor time of this process.", {}, cpu_seconds()},
      {"process_resident_memory_bytes", "Resident memory of this process.", {}, memory_bytes(Memory::resident)},
      {"process_virtual_memory_bytes", "Address space of this process.", {}, memory_bytes(Memory::all)},
      {"process_open_fds", "Open descriptors of this process.", {}, static_cast<double>(open_files())},
      {"process_max_fds", "Most descriptors that it may open.", {}, most_files()},
      {"process_start_time_seconds", "When this process began, since 1970.", {}, families_->began},
  };
  {
    const std::scoped_lock lock(families_->mutex);
    for (const auto& read : families_->readers)
      for (auto& reading : read()) readings.push_back(std::move(reading));
  }
  for (const auto& r : readings) {
    if (r.name.ends_with("_total"))
      prometheus::BuildCounter().Name(r.name).Help(r.help).Register(now).Add(r.labels).Increment(r.value);
    else
      prometheus::BuildGauge().Name(r.name).Help(r.help).Register(now).Add(r.labels).Set(r.value);
  }
  auto all = families_->registry.Collect();
  for (auto& more : now.Collect()) all.push_back(std::move(more));
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, all);
  return out.str();
}

}  // namespace vf::telemetry
