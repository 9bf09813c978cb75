#include "http/server/slow_lane.h"

#include <pthread.h>

#include <utility>

namespace vf::http {

void SlowLane::start(int threads) {
  for (int i = 0; i < threads; ++i) {
    threads_.emplace_back([this] { work(); });
    pthread_setname_np(threads_.back().native_handle(), "http-slow");
  }
}

void SlowLane::post(const std::string& turn, Job job) {
  {
    const std::lock_guard lock(mutex_);
    const auto own = waiting_.find(turn);
    const bool room = count_ < places_ && (own == waiting_.end() || own->second.size() < (places_ + 1) / 2);
    if (room) {
      if (own == waiting_.end()) turns_.push_back(turn);
      waiting_[turn].push_back(std::exchange(job, nullptr));
      ++count_;
    }
  }
  if (job) return job(false);
  posted_.notify_one();
}

SlowLane::Job SlowLane::take() {
  auto turn = std::move(turns_.front());
  turns_.pop_front();
  const auto own = waiting_.find(turn);
  Job job = std::move(own->second.front());
  own->second.pop_front();
  --count_;
  if (own->second.empty())
    waiting_.erase(own);
  else
    turns_.push_back(std::move(turn));
  return job;
}

void SlowLane::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    posted_.wait(lock, [this] { return stopping_ || count_ > 0; });
    if (count_ == 0) return;
    Job job = take();
    lock.unlock();
    std::exchange(job, nullptr)(true);
    lock.lock();
  }
}

std::size_t SlowLane::waiting() const {
  const std::lock_guard lock(mutex_);
  return count_;
}

void SlowLane::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  posted_.notify_all();
  for (auto& thread : threads_) thread.join();
  threads_.clear();
}

}  // namespace vf::http
