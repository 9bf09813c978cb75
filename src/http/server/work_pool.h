// Where handlers run that may block on databases and disks, so that the threads that serve sockets never do.
//
// Two lanes wait here: requests, whose queue the connection bounds by asking waiting() first, and everything
// else (event reads, closing words), of which a connection has one or two. Requests go first, but every fourth
// turn belongs to the others. Thread-safe.
#pragma once

#include <array>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace vf::http {

class WorkPool {
 public:
  enum class Lane { request, other };
  using Job = std::move_only_function<void()>;

  void start(int threads);
  void stop();  // after what waits was done

  // Runs it on one of the threads. It must not throw.
  void post(Lane lane, Job job);
  std::size_t waiting(Lane lane) const;

 private:
  void work();
  bool idle() const { return queues_[0].empty() && queues_[1].empty(); }
  Job take();  // with the mutex held and something queued

  mutable std::mutex mutex_;
  std::condition_variable posted_;
  std::array<std::deque<Job>, 2> queues_;
  unsigned turn_ = 0;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace vf::http
