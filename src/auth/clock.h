// Time as this room asks for it: a function, so that tests turn the hands.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>

namespace vf::auth {

// Milliseconds since 1970 (UTC). Called from any thread.
using Clock = std::function<std::int64_t()>;

inline constexpr std::int64_t kSecond = 1000;
inline constexpr std::int64_t kMinute = 60 * kSecond;
inline constexpr std::int64_t kHour = 60 * kMinute;
inline constexpr std::int64_t kDay = 24 * kHour;

inline Clock wall_clock() {
  return [] {
    return std::int64_t{
        std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
            .count()};
  };
}

}  // namespace vf::auth
