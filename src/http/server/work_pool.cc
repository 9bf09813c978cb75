#include "http/server/work_pool.h"

#include <pthread.h>

#include <utility>

namespace vf::http {

void WorkPool::start(int threads) {
  for (int i = 0; i < threads; ++i) {
    threads_.emplace_back([this] { work(); });
    pthread_setname_np(threads_.back().native_handle(), "http-work");
  }
}

void WorkPool::post(Lane lane, Job job) {
  {
    const std::lock_guard lock(mutex_);
    queues_[static_cast<std::size_t>(lane)].push_back(std::move(job));
  }
  posted_.notify_one();
}

void WorkPool::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    posted_.wait(lock, [this] { return stopping_ || !idle(); });
    if (idle()) return;
    Job job = take();
    lock.unlock();
    std::exchange(job, nullptr)();
    lock.lock();
  }
}

std::size_t WorkPool::waiting(Lane lane) const {
  const std::lock_guard lock(mutex_);
  return queues_[static_cast<std::size_t>(lane)].size();
}

WorkPool::Job WorkPool::take() {
  auto& [requests, others] = queues_;
  const bool other = requests.empty() || (!others.empty() && ++turn_ % 4 == 0);
  auto& queue = other ? others : requests;
  Job job = std::move(queue.front());
  queue.pop_front();
  return job;
}

void WorkPool::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  posted_.notify_all();
  for (auto& thread : threads_) thread.join();
  threads_.clear();
}

}  // namespace vf::http
