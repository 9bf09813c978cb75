#include "media/sandbox/usage.h"

#include <array>
#include <charconv>
#include <string_view>

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <fmt/format.h>

namespace vf::media::sandbox {
namespace {

// The number after "\nName:" and blanks; empty where the field is missing, as in a zombie's status.
std::optional<std::int64_t> field(std::string_view status, std::string_view name) {
  auto at = status.find(name);
  if (at == std::string_view::npos) return {};
  at = status.find_first_not_of(" \t", at + name.size());
  if (at == std::string_view::npos) return {};
  std::int64_t value = 0;
  if (std::from_chars(status.data() + at, status.data() + status.size(), value).ec != std::errc{}) return {};
  return value;
}

double cpu_seconds_of(pid_t pid) {
  clockid_t clock = 0;
  timespec used{};
  if (::clock_getcpuclockid(pid, &clock) != 0 || ::clock_gettime(clock, &used) != 0) return 0;
  return static_cast<double>(used.tv_sec) + 1e-9 * static_cast<double>(used.tv_nsec);
}

}  // namespace

Result<UsageProbe> UsageProbe::open(pid_t pid) {
  UniqueFd fd(::open(fmt::format("/proc/{}/status", pid).c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd)
    return fail(ErrorCode::internal,
                "The sandbox cannot watch its children: /proc does not show them (is it mounted with hidepid?).");
  return UsageProbe(pid, std::move(fd));
}

std::optional<Usage> UsageProbe::sample() const {
  std::array<char, 8192> buffer;
  const auto n = ::pread(status_.get(), buffer.data(), buffer.size(), 0);
  if (n <= 0) return {};
  const std::string_view status(buffer.data(), static_cast<std::size_t>(n));
  const auto resident = field(status, "\nVmRSS:");
  const auto threads = field(status, "\nThreads:");
  if (!resident || !threads) return {};
  const auto swapped = field(status, "\nVmSwap:").value_or(0);
  return Usage{(*resident + swapped) * 1024, static_cast<int>(*threads), cpu_seconds_of(pid_)};
}

}  // namespace vf::media::sandbox
