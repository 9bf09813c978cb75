#include "http/server/work_pool.h"

#include <pthread.h>

#include <utility>

namespace vf::http {

WorkPool::WorkPool(int threads) {
  for (int i = 0; i < threads; ++i) {
    threads_.emplace_back([this] { work(); });
    pthread_setname_np(threads_.back().native_handle(), "http-work");
  }
}

WorkPool::~WorkPool() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  ready_.notify_all();
  for (auto& thread : threads_) thread.join();
}

void WorkPool::post(Lane lane, Job job) {
  {
    const std::lock_guard lock(mutex_);
    queues_[static_cast<std::size_t>(lane)].push_back(std::move(job));
  }
  ready_.notify_one();
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

void WorkPool::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    ready_.wait(lock, [&] { return ending_ || !queues_[0].empty() || !queues_[1].empty(); });
    if (queues_[0].empty() && queues_[1].empty()) return;
    {
      Job job = take();
      lock.unlock();
      job();
    }  // what the job holds goes before the lock is taken again
    lock.lock();
  }
}

}  // namespace vf::http
