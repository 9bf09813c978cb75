// The threads that serve sockets. Each has a loop of its own, and a connection stays with one for life: a
// request that is answered where it was read wakes no other thread, which is what ranges of files cost most.
#pragma once

#include <cstddef>
#include <memory>
#include <thread>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

namespace vf::http {

class Loops {
 public:
  explicit Loops(int count);

  void start();
  void stop();  // once nothing is left to do on them

  boost::asio::io_context& first() { return *loops_.front(); }
  boost::asio::io_context& next() { return *loops_[turn_++ % loops_.size()]; }  // by turns; one caller at a time

 private:
  std::vector<std::unique_ptr<boost::asio::io_context>> loops_;
  std::vector<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>> open_;
  std::vector<std::thread> threads_;
  std::size_t turn_ = 0;
};

}  // namespace vf::http
