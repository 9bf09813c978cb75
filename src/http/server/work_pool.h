// Bounds how many threads may be inside handlers, which block on databases and disks.
//
// All threads of the server run one io_context; at most `slots` of them are in here at a time, so that the
// others always serve sockets. Whoever finds a slot free works where it stands: no queue, no other thread,
// which is half the cost of a small request. The rest waits in two lanes: requests, whose queue the
// connection bounds by asking waiting() first, and everything else (event reads, closing words), of which
// a connection has one or two. Requests go first, but every fourth turn belongs to the others.
// Thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>

#include <boost/asio/io_context.hpp>

namespace vf::http {

class WorkPool {
 public:
  enum class Lane { request, other };
  using Job = std::move_only_function<void()>;

  WorkPool(boost::asio::io_context& threads, int slots) : threads_(threads), slots_(slots) {}

  // True: the caller has a slot and works now, then calls leave().
  bool enter();
  void leave();

  // Runs it on one of the threads, as soon as there is a slot. It must not throw.
  void post(Lane lane, Job job);
  std::size_t waiting(Lane lane) const;

 private:
  void start(Job job);  // with a slot
  Job take();           // with the mutex held and something queued

  boost::asio::io_context& threads_;
  const int slots_;
  mutable std::mutex mutex_;
  std::array<std::deque<Job>, 2> queues_;
  int busy_ = 0;
  unsigned turn_ = 0;
};

}  // namespace vf::http
