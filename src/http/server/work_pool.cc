#include "http/server/work_pool.h"

#include <utility>

#include <boost/asio/post.hpp>

namespace vf::http {

bool WorkPool::enter() {
  const std::lock_guard lock(mutex_);
  if (busy_ >= slots_) return false;
  ++busy_;
  return true;
}

void WorkPool::leave() {
  Job next;
  {
    const std::lock_guard lock(mutex_);
    if (queues_[0].empty() && queues_[1].empty()) {
      --busy_;
      return;
    }
    next = take();
  }
  start(std::move(next));  // the slot goes on to whoever waited longest
}

void WorkPool::post(Lane lane, Job job) {
  {
    const std::lock_guard lock(mutex_);
    if (busy_ >= slots_) {
      queues_[static_cast<std::size_t>(lane)].push_back(std::move(job));
      return;
    }
    ++busy_;
  }
  start(std::move(job));
}

void WorkPool::start(Job job) {
  boost::asio::post(threads_, [this, job = std::move(job)]() mutable {
    std::exchange(job, nullptr)();
    leave();
  });
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

}  // namespace vf::http
