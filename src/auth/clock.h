// Time as this room asks for it: a function, so that tests turn the hands.
#pragma once

#include <cstdint>
#include <functional>

#include "base/clock.h"

namespace vf::auth {

// Milliseconds since 1970 (UTC). Called from any thread.
using Clock = std::function<std::int64_t()>;

inline constexpr std::int64_t kSecond = 1000;
inline constexpr std::int64_t kMinute = 60 * kSecond;
inline constexpr std::int64_t kHour = 60 * kMinute;
inline constexpr std::int64_t kDay = 24 * kHour;

inline Clock wall_clock() { return wall_clock_ms; }

}  // namespace vf::auth
