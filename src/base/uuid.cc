#include "base/uuid.h"

#include <sys/random.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include <fmt/format.h>

namespace vf {
namespace {

void fill_random(void* bytes, std::size_t size) {
  auto* at = static_cast<char*>(bytes);
  while (size > 0) {
    const auto got = getrandom(at, size, 0);
    // After boot getrandom only ever fails on a signal; without randomness there is no safe way to go on.
    if (got < 0 && errno != EINTR) std::abort();
    if (got <= 0) continue;
    at += got;
    size -= static_cast<std::size_t>(got);
  }
}

// Milliseconds in the upper 48 bits, then 12 bits that count within the millisecond (RFC 9562 6.2,
// method 1): each value is greater than the last one given.
std::uint64_t next_tick() {
  static std::atomic<std::uint64_t> last{0};
  const auto now =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
          .count();
  const auto fresh = static_cast<std::uint64_t>(now) << 12;
  auto before = last.load(std::memory_order_relaxed);
  std::uint64_t tick = 0;
  do {
    tick = fresh > before ? fresh : before + 1;
  } while (!last.compare_exchange_weak(before, tick, std::memory_order_relaxed));
  return tick;
}

}  // namespace

std::string make_uuid() {
  const auto tick = next_tick();
  std::uint64_t random = 0;
  fill_random(&random, sizeof random);
  const std::uint64_t high = ((tick >> 12) << 16) | 0x7000 | (tick & 0xfff);
  const std::uint64_t low = (random & 0x3fff'ffff'ffff'ffff) | 0x8000'0000'0000'0000;
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32, (high >> 16) & 0xffff, high & 0xffff, low >> 48,
                     low & 0xffff'ffff'ffff);
}

bool is_uuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    const char c = text[i];
    const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    if (dash ? c != '-' : !hex) return false;
  }
  return true;
}

}  // namespace vf
