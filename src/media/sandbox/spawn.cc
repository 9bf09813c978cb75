// Nursery: the queue between the threads that want children and the thread that has them made.
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <deque>
#include <future>
#include <mutex>
#include <new>
#include <thread>

#include <fcntl.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "media/sandbox/child.h"
#include "media/sandbox/child_state.h"
#include "media/sandbox/nursery_process.h"

namespace vf::media {
namespace {

struct Pipe {
  UniqueFd read;
  UniqueFd write;
};

// Our end does not block, the child's end does.
Result<Pipe> make_pipe() {
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) return std::unexpected(system_error(errno, "open a channel to a stage"));
  Pipe pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
  if (::fcntl(pipe.read.get(), F_SETFL, O_NONBLOCK) != 0)
    return std::unexpected(system_error(errno, "open a channel to a stage"));
  return pipe;
}

// A child nobody will watch must not live, however the way to its watcher ends.
struct Unwatched {
  pid_t pid;
  explicit Unwatched(pid_t child) : pid(child) {}
  Unwatched(const Unwatched&) = delete;
  Unwatched& operator=(const Unwatched&) = delete;
  ~Unwatched() {
    if (pid <= 0) return;
    ::kill(pid, SIGKILL);
    while (::waitpid(pid, nullptr, __WALL) < 0 && errno == EINTR) {
    }
  }
};

struct Job {
  sandbox::SpawnRequest request;
  std::vector<int> fds;
  std::promise<Result<sandbox::SpawnReply>> reply;
};

}  // namespace

struct Nursery::State {
  explicit State(NurseryOptions options) : process(std::move(options)) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  ~State() {
    {
      const std::lock_guard lock(mutex);
      stopping = true;
    }
    wake.notify_one();
    if (thread.joinable()) thread.join();
  }

  // The life of the thread that every child is tied to. It starts the process itself, since Linux
  // counts the thread that made a process as its parent.
  void serve(std::promise<Result<void>> started) {
    ::pthread_setname_np(::pthread_self(), "vf-nursery");
    try {
      started.set_value(process.start());
    } catch (const std::bad_alloc&) {
      started.set_exception(std::current_exception());
    }
    pid = process.pid();
    std::unique_lock lock(mutex);
    while (true) {
      wake.wait(lock, [&] { return stopping || !jobs.empty(); });
      if (stopping) break;
      Job* job = jobs.front();
      jobs.pop_front();
      lock.unlock();
      // The job ends with its thread as soon as the answer is there: keep the promise here.
      auto reply = std::move(job->reply);
      reply.set_value(answer(*job));
      lock.lock();
    }
    lock.unlock();
    process.end();
  }

  // Once more with a new nursery where the old one died since.
  Result<sandbox::SpawnReply> answer(const Job& job) {
    try {
      auto reply = process.ask(job.request, job.fds);
      if (!reply) reply = process.ask(job.request, job.fds);
      pid = process.pid();
      return reply;
    } catch (const std::bad_alloc&) {
      process.abandon();
      return sandbox::SpawnReply{0, ENOMEM};
    }
  }

  Result<sandbox::SpawnReply> ask(Job& job) {
    auto reply = job.reply.get_future();
    {
      const std::lock_guard lock(mutex);
      jobs.push_back(&job);
    }
    wake.notify_one();
    return reply.get();
  }

  std::mutex mutex;
  std::condition_variable wake;
  std::deque<Job*> jobs;  // each belongs to the thread that waits for it
  bool stopping = false;
  std::atomic<pid_t> pid = 0;
  sandbox::NurseryProcess process;  // of the thread below
  std::thread thread;
};

Nursery::Nursery(std::shared_ptr<State> state) : state_(std::move(state)) {}
Nursery::Nursery(Nursery&&) noexcept = default;
Nursery& Nursery::operator=(Nursery&&) noexcept = default;
Nursery::~Nursery() = default;

pid_t Nursery::pid() const { return state_->pid; }

Result<Nursery> Nursery::create(NurseryOptions options) {
  auto state = std::make_shared<State>(std::move(options));
  std::promise<Result<void>> started;
  auto result = started.get_future();
  state->thread =
      std::thread([raw = state.get(), promise = std::move(started)]() mutable { raw->serve(std::move(promise)); });
  VF_CHECK(result.get());
  return Nursery(std::move(state));
}

Result<Child> Nursery::spawn(const SpawnSpec& spec) {
  if (!valid(spec.limits)) return fail(ErrorCode::invalid_argument, "Every cap of a stage must be greater than zero.");
  auto outputs = VF_TRY(watch_outputs(spec.fds));
  auto control = VF_TRY(make_pipe());
  auto messages = VF_TRY(make_pipe());
  Job job;
  job.fds = {control.write.get(), messages.write.get()};
  job.fds.insert(job.fds.end(), spec.fds.begin(), spec.fds.end());
  job.request = {spec.limits, ::getpid(), static_cast<int>(job.fds.size())};
  const auto reply = VF_TRY(state_->ask(job));
  if (reply.pid <= 0) return std::unexpected(system_error(reply.error, "start a sandboxed process"));

  Unwatched unwatched(reply.pid);
  UniqueFd process(static_cast<int>(::syscall(SYS_pidfd_open, reply.pid, 0)));
  if (!process)
    return fail(ErrorCode::internal, "The kernel gives no handle of a sandboxed process (pidfd, Linux 5.3).");
  auto usage = VF_TRY(sandbox::UsageProbe::open(reply.pid));
  auto state = std::make_unique<Child::State>(Child::State{state_, reply.pid, std::move(process),
                                                           std::move(control.read), std::move(messages.read),
                                                           std::move(usage), spec.limits, std::move(outputs)});
  unwatched.pid = 0;
  return Child(std::move(state));
}

}  // namespace vf::media
