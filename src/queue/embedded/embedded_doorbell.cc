#include "queue/embedded/embedded_doorbell.h"

namespace vf::queue {

void EmbeddedDoorbell::ring() {
  {
    const std::scoped_lock lock(mutex_);
    ++rings_;
  }
  rung_.notify_all();
}

std::uint64_t EmbeddedDoorbell::wait(std::uint64_t heard, std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  rung_.wait_for(lock, patience, [&] { return rings_ > heard; });
  return rings_;
}

}  // namespace vf::queue
