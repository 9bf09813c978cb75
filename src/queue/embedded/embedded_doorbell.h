// The doorbell within one process.
#pragma once

#include <condition_variable>
#include <mutex>

#include "queue/doorbell.h"

namespace vf::queue {

class EmbeddedDoorbell : public Doorbell {
 public:
  void ring() override;
  std::uint64_t wait(std::uint64_t heard, std::chrono::milliseconds patience) override;

 private:
  std::mutex mutex_;
  std::condition_variable rung_;
  std::uint64_t rings_ = 0;
};

}  // namespace vf::queue
