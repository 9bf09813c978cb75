#include "media/stills/encoder_pool.h"

#include <condition_variable>
#include <mutex>
#include <new>
#include <thread>

#include "media/av/ptr.h"

namespace vf::media::stills {

// One thread with room for two pictures: one that it encodes, one that waits. Pictures go round robin,
// so that which thread gets which follows from their order alone.
struct EncoderPool::Worker {
  struct Job {
    enum class State { empty, waiting, done } state = State::empty;
    av::FramePtr frame;
    std::size_t at = 0;
    bool damaged = false;
    Bytes file;
    Result<void> result;
  };

  explicit Worker(const StillSpec& spec) : maker(spec), thread([this](const std::stop_token& stop) { work(stop); }) {}

  void work(const std::stop_token& stop) {
    for (std::size_t turn = 0;; ++turn) {
      auto& job = jobs[turn % 2];
      {
        std::unique_lock lock(mutex);
        if (!changed.wait(lock, stop, [&] { return job.state == Job::State::waiting; })) return;
      }
      try {
        job.result = maker.make(*job.frame, job.file);
      } catch (const std::bad_alloc&) {
        job.result = fail(ErrorCode::no_memory, "There is not enough memory to encode pictures.");
      }
      job.frame.reset();
      {
        const std::scoped_lock lock(mutex);
        job.state = Job::State::done;
      }
      changed.notify_all();
    }
  }

  Job& wait_for(std::size_t turn, Job::State wanted) {
    auto& job = jobs[turn % 2];
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return job.state == wanted; });
    return job;
  }

  void set(Job& job, Job::State state) {
    {
      const std::scoped_lock lock(mutex);
      job.state = state;
    }
    changed.notify_all();
  }

  StillMaker maker;
  Job jobs[2];
  std::mutex mutex;
  std::condition_variable_any changed;
  std::jthread thread;  // last: it uses all of the above
};

EncoderPool::EncoderPool(const StillSpec& spec, int threads, Take take) : take_(std::move(take)), own_(spec) {
  try {
    for (int i = 0; i < threads; ++i) workers_.push_back(std::make_unique<Worker>(spec));
  } catch (const std::exception&) {
    // The system gives no more threads: those that there are do it all.
  }
}

EncoderPool::~EncoderPool() = default;

Result<void> EncoderPool::add(const AVFrame& frame, std::size_t at, bool damaged) {
  if (workers_.empty()) {
    VF_CHECK(own_.make(frame, file_));
    return take_(at, damaged, file_);
  }
  if (added_ - taken_ == 2 * workers_.size()) VF_CHECK(collect());
  auto& worker = *workers_[added_ % workers_.size()];
  auto& job = worker.wait_for(added_ / workers_.size(), Worker::Job::State::empty);
  job.frame = av::share(&frame);
  if (!job.frame) return fail(ErrorCode::no_memory, "There is not enough memory to encode pictures.");
  job.at = at;
  job.damaged = damaged;
  worker.set(job, Worker::Job::State::waiting);
  ++added_;
  return {};
}

Result<void> EncoderPool::collect() {
  auto& worker = *workers_[taken_ % workers_.size()];
  auto& job = worker.wait_for(taken_ / workers_.size(), Worker::Job::State::done);
  ++taken_;
  VF_CHECK(job.result);
  VF_CHECK(take_(job.at, job.damaged, job.file));
  worker.set(job, Worker::Job::State::empty);
  return {};
}

Result<void> EncoderPool::finish() {
  while (taken_ < added_) VF_CHECK(collect());
  return {};
}

}  // namespace vf::media::stills
