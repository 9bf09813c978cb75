// Threads of its own for requests that keep a processor busy for long, such as checking a password: they wait for
// each other here, in no slot of the work pool, so that many of them delay no other request.
//
// Whoever asks has a name (the address), and names take turns: one that asks a hundred times delays itself, and
// never holds more than half of the places. Thread-safe.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace vf::http {

class SlowLane {
 public:
  // Called once: with true on a thread of the lane, with false at once where there is no place. Must not throw.
  using Job = std::move_only_function<void(bool taken)>;

  explicit SlowLane(std::size_t places) : places_(places) {}
  ~SlowLane() { stop(); }

  void start(int threads);
  void post(const std::string& turn, Job job);
  std::size_t waiting() const;
  void stop();  // runs what waits, then ends the threads

 private:
  void work();
  Job take();  // with the mutex held and something waiting

  const std::size_t places_;
  mutable std::mutex mutex_;
  std::condition_variable posted_;
  std::map<std::string, std::deque<Job>> waiting_;  // no queue is empty
  std::deque<std::string> turns_;                   // the names of waiting_, the next one first
  std::size_t count_ = 0;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace vf::http
