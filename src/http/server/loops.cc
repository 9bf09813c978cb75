#include "http/server/loops.h"

#include <pthread.h>
#include <signal.h>

namespace vf::http {
namespace {

// sendfile(2) has no MSG_NOSIGNAL: a client that went away must not end the process. For this thread only,
// because signal dispositions belong to the program.
void ignore_broken_pipes() {
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
}

}  // namespace

Loops::Loops(int count) {
  for (int i = 0; i < count; ++i) loops_.push_back(std::make_unique<boost::asio::io_context>(1));
}

void Loops::start() {
  for (const auto& loop : loops_) {
    open_.push_back(boost::asio::make_work_guard(*loop));
    threads_.emplace_back([&io = *loop] {
      ignore_broken_pipes();
      io.run();
    });
    pthread_setname_np(threads_.back().native_handle(), "http");
  }
}

void Loops::stop() {
  open_.clear();
  for (auto& thread : threads_) thread.join();
  threads_.clear();
}

}  // namespace vf::http
