// The doorbell: tells waiting workers that something may be ready. It carries nothing and may lose a ring:
// the rows are the truth, and whoever waits looks again after a while. Thread-safe.
#pragma once

#include <chrono>
#include <cstdint>

namespace vf::queue {

class Doorbell {
 public:
  virtual ~Doorbell() = default;
  virtual void ring() = 0;
  // Returns after a ring that came later than `heard`, or after `patience`; gives what to pass next time.
  virtual std::uint64_t wait(std::uint64_t heard, std::chrono::milliseconds patience) = 0;
};

}  // namespace vf::queue
