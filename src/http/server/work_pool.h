// The threads on which handlers run, so that I/O threads never wait for a disk or a database.
//
// Two lanes: requests, whose queue the connection bounds by asking waiting() first, and everything else
// (event reads, closing words), of which a connection never has more than one or two. Requests go first,
// but every fourth turn belongs to the others. Thread-safe.
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

  explicit WorkPool(int threads);
  ~WorkPool();  // runs what is queued, then ends the threads

  void post(Lane lane, Job job);
  std::size_t waiting(Lane lane) const;

 private:
  void work();
  Job take();  // with the mutex held and something queued

  mutable std::mutex mutex_;
  std::condition_variable ready_;
  std::array<std::deque<Job>, 2> queues_;
  unsigned turn_ = 0;
  bool ending_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace vf::http
