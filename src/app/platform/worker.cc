#include "app/platform/worker.h"

#include <algorithm>
#include <random>

#include <unistd.h>

#include <fcntl.h>

#include "app/platform/served_files.h"
#include "base/uuid.h"
#include "telemetry/trace.h"

namespace vf::app {
namespace {

constexpr int kLightThreads = 2;
constexpr auto kPatience = std::chrono::milliseconds(1000);  // between two looks without a ring

std::string host_name() {
  char name[256] = {};
  ::gethostname(name, sizeof name - 1);
  return name;
}

// What the machine lacks; a job waits for it, however long that takes. Empty for any other error.
std::string_view lack(ErrorCode code) {
  switch (code) {
    case ErrorCode::no_space:
      return "The server's disk has no room for the next step. The job goes on by itself once there is.";
    case ErrorCode::no_memory:
      return "The server's memory is full. The job goes on by itself once some is free.";
    case ErrorCode::no_access:
      return "The server's disk cannot be written to. The job goes on by itself once it can.";
    default:
      return {};
  }
}

// As its owner reads it: the sentences for whoever runs the server name folders.
Error outward(const Error& error) {
  if (error.code != ErrorCode::io_error) return error;
  return {error.code, "The server's disk does not work as it should.", error.message + " " + error.detail, {}};
}

// Exponential, with half of it random: jobs that failed together do not come back together.
std::int64_t backoff_ms(std::chrono::milliseconds first, int attempt) {
  static thread_local std::minstd_rand random{std::random_device{}()};
  const auto whole = first.count() << std::min(attempt - 1, 6);
  return whole / 2 + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(whole / 2 + 1));
}

std::filesystem::path lock_path(const std::filesystem::path& folder, const std::string& id) {
  return folder / (id + ".lock");
}

}  // namespace

Worker::Worker(const WorkerOptions& options, WorkerParts parts)
    : options_(options), parts_(std::move(parts)), id_(make_uuid()) {}

Result<std::unique_ptr<Worker>> Worker::start(const WorkerOptions& options, WorkerParts parts) {
  std::unique_ptr<Worker> worker(new Worker(options, std::move(parts)));
  VF_CHECK(worker->enter());
  auto& self = *worker;
  for (int i = 0; i < options.slots; ++i)
    self.threads_.emplace_back([&self](const std::stop_token& stop) { self.work(false, stop); });
  for (int i = 0; i < kLightThreads; ++i)
    self.threads_.emplace_back([&self](const std::stop_token& stop) { self.work(true, stop); });
  self.threads_.emplace_back([&self](const std::stop_token& stop) { self.keep_leases(stop); });
  return worker;
}

Result<void> Worker::enter() {
  VF_CHECK(make_folder(options_.lock_dir));
  lock_ = VF_TRY(create_new(lock_path(options_.lock_dir, id_)));
  try_lock(lock_.get(), true);
  // After a loss of power the free lock tells at once that nobody works here any more.
  VF_CHECK(sync_folder(options_.lock_dir));
  VF_CHECK(enlist());
  look_for_lost_workers();
  return {};
}

Result<void> Worker::enlist() {
  store::WorkerRow row;
  row.id = id_;
  row.host = host_name();
  row.pid = ::getpid();
  row.slots = options_.slots;
  return parts_.driver.jobs.register_worker(row);
}

Worker::~Worker() {
  leaving_ = true;
  for (auto& thread : threads_) thread.request_stop();
  {
    const std::scoped_lock lock(mutex_);
    for (auto& [token, running] : running_) running->stop.request_stop();
  }
  parts_.doorbell.ring();
  threads_.clear();
  (void)parts_.driver.jobs.remove_worker(id_);
  std::error_code ignored;
  if (lock_) std::filesystem::remove(lock_path(options_.lock_dir, id_), ignored);
}

double Worker::fraction(const std::string& job) const {
  const std::scoped_lock lock(mutex_);
  double most = 0;
  for (const auto& [token, running] : running_)
    if (running->job == job) most = std::max(most, running->fraction);
  return most;
}

std::int64_t Worker::free_memory(bool light) const {
  if (light) return INT64_MAX;
  const std::scoped_lock lock(mutex_);
  std::int64_t used = 0;
  bool alone = true;
  for (const auto& [token, running] : running_)
    if (!running->light) {
      used += running->memory_bytes;
      alone = false;
    }
  // A stage larger than the whole budget still runs, alone.
  return alone ? INT64_MAX : std::max<std::int64_t>(0, options_.memory_bytes - used);
}

void Worker::work(bool light, const std::stop_token& stop) {
  std::uint64_t heard = 0;
  while (!stop.stop_requested()) {
    bool found = false;
    try {
      found = work_once(light);
    } catch (const std::exception& e) {
      healthy_ = false;
      parts_.on_error({}, {ErrorCode::internal, "A worker's thread met an unexpected fault.", e.what()});
    }
    if (!found && !stop.stop_requested()) heard = parts_.doorbell.wait(heard, kPatience);
  }
}

bool Worker::work_once(bool light) {
  store::Capacity capacity;
  capacity.heavy = !light;
  capacity.light = light;
  capacity.memory_bytes = free_memory(light);
  auto lease = parts_.driver.jobs.lease(id_, capacity);
  healthy_ = lease.has_value();
  if (!lease) {
    parts_.on_error({}, lease.error());
    return false;
  }
  if (!*lease) return false;
  run(std::move(**lease));
  return true;
}

void Worker::run(store::Lease lease) {
  auto running = std::make_shared<Running>();
  running->job = lease.job.id;
  running->light = lease.light;
  for (const auto& row : lease.stages) running->memory_bytes += row.stage.cost.memory_bytes;
  {
    const std::scoped_lock lock(mutex_);
    running_[lease.token] = running;
    if (leaving_) running->stop.request_stop();
  }
  Ran ran;
  ran.begin_ns = telemetry::unix_nanoseconds();
  Result<bool> done = false;
  try {
    done = run_stages(lease, running->stop.get_token(), ran);
  } catch (const std::bad_alloc&) {
    done = fail(ErrorCode::no_memory, "There is not enough memory for this step.");
  } catch (const std::exception& e) {
    done = fail(ErrorCode::internal, "A step of the job met an unexpected fault.", e.what());
  }
  {
    const std::scoped_lock lock(mutex_);
    running_.erase(lease.token);
  }
  ran.ours = !done || *done;
  if (!done) settle(lease, done.error(), ran);
  parts_.on_ran(id_, lease, ran);
  // What this one finished may have made others ready.
  parts_.doorbell.ring();
  parts_.on_progress(lease.job.id);
}

Result<bool> Worker::run_stages(const store::Lease& lease, const std::stop_token& stop, Ran& ran) {
  const auto& kind = lease.stages.front().stage.kind;
  if (kind == "drive") return run_drive(lease, ran);
  if (kind == "fetch") return run_fetch(lease, stop, ran);
  ran.done = VF_TRY(execute(lease, stop));
  return parts_.driver.jobs.complete(lease.token, ran.done);
}

Result<bool> Worker::run_drive(const store::Lease& lease, Ran& ran) {
  const auto step = VF_TRY(drive(parts_.driver, lease.job, lease.round));
  if (const auto* extension = std::get_if<store::Extension>(&step))
    return parts_.driver.jobs.extend(lease.token, *extension);
  const auto& finished = std::get<store::Finished>(step);
  const bool ours = VF_TRY(parts_.driver.jobs.finish(lease.token, finished));
  if (ours) {
    ran.outcome = "completed";
    ran.result = finished.result;
  }
  return ours;
}

Result<bool> Worker::run_fetch(const store::Lease& lease, const std::stop_token& stop, Ran& ran) {
  auto staged = VF_TRY(parts_.driver.blobs.stage());
  store::StageDone done;
  done.id = lease.stages.front().stage.id;
  done.output.result = VF_TRY(parts_.fetch(
      lease.stages.front().stage.params, staged->fd(), [&](double fraction) { tell(lease.token, fraction); }, stop));
  done.output.blobs.push_back(VF_TRY(parts_.driver.blobs.commit(std::move(staged))));
  ran.done = {std::move(done)};
  return parts_.driver.jobs.complete(lease.token, ran.done);
}

Result<std::vector<store::StageDone>> Worker::execute(const store::Lease& lease, const std::stop_token& stop) {
  auto& blobs = parts_.driver.blobs;
  std::map<std::string, pipeline::Source> sources;
  std::vector<UniqueFd> opened;
  for (const auto& [name, blob] : lease.sources) {
    opened.push_back(VF_TRY(blobs.open(blob)));
    sources.emplace(name, pipeline::Source{blob, opened.back().get()});
  }
  std::vector<std::string> needed;
  for (const auto& row : lease.stages)
    for (const auto& input : row.stage.inputs)
      if (!input.stage.empty()) needed.push_back(input.stage);
  const auto outputs = VF_TRY(parts_.driver.jobs.outputs(lease.job.id, lease.round, needed));

  pipeline::StageExecutor executor(blobs, parts_.checkpoints, parts_.nursery, lease.job.owner, parts_.unhurried_nice);
  std::vector<store::StageDone> done;
  std::vector<pipeline::ExecutorMember> missing;
  for (const auto& row : lease.stages) {
    pipeline::ExecutorMember member{
        &row.stage, pipeline::gather_inputs(row.stage, sources, [&](const std::string& id) -> const jobs::StageOutput& {
          return outputs.at(id);
        })};
    if (auto known = VF_TRY(executor.find(member)))
      done.push_back({row.stage.id, std::move(*known), {}, true});
    else
      missing.push_back(std::move(member));
  }
  if (!missing.empty()) {
    auto made = VF_TRY(executor.execute(missing, sources, [&](double fraction) { tell(lease.token, fraction); }, stop));
    for (std::size_t i = 0; i < missing.size(); ++i)
      done.push_back({missing[i].stage->id, std::move(made[i].output), made[i].usage, false});
  }
  // A group of these is one stage: each has its own.
  if (const auto& stage = lease.stages.front().stage; stage.kind == "grow" && lease.job.video) {
    auto grown = VF_TRY(grown_files(stage, done.front().output, outputs));
    done.front().shown = std::move(grown.files);
    done.front().shown_seconds = grown.seconds;
  }
  return done;
}

// Retry, reject, or wait: by what the error asks for.
void Worker::settle(const store::Lease& lease, const Error& error, Ran& ran) {
  auto& jobs = parts_.driver.jobs;
  const int attempt = lease.stages.front().attempts;
  const bool left = error.code == ErrorCode::cancelled;
  if (!left) parts_.on_error(lease, error);
  if (!left) ran.error = error;
  Result<bool> told = true;
  if (left) {
    // Cancelled by a person: the token is void and this changes nothing. Leaving: somebody else goes on.
    const Error leaving{
        error.code, "The worker that ran this was stopped. The job goes on with the next that is free.", {}};
    told = jobs.put_back(lease.token, leaving, 0, false);
  } else if (const auto why = lack(error.code); !why.empty()) {
    const Error waits{error.code, std::string(why), error.message};
    told = jobs.put_back(lease.token, waits, options_.room_retry.count(), false);
  } else if (is_retryable(error.code) && attempt < options_.max_attempts) {
    told = jobs.put_back(lease.token, outward(error), backoff_ms(options_.first_backoff, attempt), true);
  } else {
    told = jobs.fail(lease.token, outward(error));
    if (told.value_or(false)) ran.outcome = "failed";
  }
  ran.ours = told.value_or(!left);
  if (told) return;
  parts_.on_error(lease, told.error());
  const std::scoped_lock lock(mutex_);
  unsettled_.push_back({lease, error});
}

void Worker::settle_what_could_not_be() {
  std::vector<Unsettled> all;
  {
    const std::scoped_lock lock(mutex_);
    all.swap(unsettled_);
  }
  for (const auto& one : all) {
    Ran ran;
    settle(one.lease, one.error, ran);
  }
  if (!all.empty()) parts_.doorbell.ring();
}

void Worker::tell(std::int64_t token, double fraction) {
  std::string job;
  {
    const std::scoped_lock lock(mutex_);
    const auto found = running_.find(token);
    if (found == running_.end()) return;
    found->second->fraction = fraction;
    job = found->second->job;
  }
  parts_.on_progress(job);
}

void Worker::keep_leases(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  while (!stop.stop_requested()) {
    wake.wait_for(lock, stop, options_.beat, [] { return false; });
    if (stop.stop_requested()) return;
    beat();
    settle_what_could_not_be();
    look_for_lost_workers();
  }
}

void Worker::beat() {
  std::vector<store::Beat> beats;
  {
    const std::scoped_lock lock(mutex_);
    for (const auto& [token, running] : running_) beats.push_back({token, running->fraction});
  }
  const auto answer = parts_.driver.jobs.beat(id_, beats);
  if (!answer) return parts_.on_error({}, answer.error());
  const std::scoped_lock lock(mutex_);
  if (!*answer) {
    // We were silent for too long: what we hold is somebody else's now.
    for (auto& [token, running] : running_) running->stop.request_stop();
    if (auto enlisted = enlist(); !enlisted) parts_.on_error({}, enlisted.error());
    return;
  }
  for (const auto token : **answer)
    if (const auto found = running_.find(token); found != running_.end()) found->second->stop.request_stop();
}

// Wall clocks jump and differ between machines; silence is measured by our own steady one.
void Worker::look_for_lost_workers() {
  const auto rows = parts_.driver.jobs.workers();
  if (!rows) return;
  const auto now = std::chrono::steady_clock::now();
  for (const auto& row : *rows) {
    if (row.id == id_) continue;
    auto [seen, first] = seen_.try_emplace(row.id, Seen{row.beat, now});
    if (seen->second.beat != row.beat) seen->second = {row.beat, now};
    bool lost = now - seen->second.since > options_.lease;
    if (row.host == host_name()) {
      const UniqueFd file(::open(lock_path(options_.lock_dir, row.id).c_str(), O_RDONLY | O_CLOEXEC));
      if (file && try_lock(file.get(), true)) lost = true;
    }
    if (!lost) continue;
    if (auto done = parts_.driver.jobs.lose_worker(row.id, options_.max_losses); !done) {
      parts_.on_error({}, done.error());
      continue;
    }
    seen_.erase(row.id);
    std::error_code ignored;
    std::filesystem::remove(lock_path(options_.lock_dir, row.id), ignored);
    parts_.doorbell.ring();
  }
}

}  // namespace vf::app
