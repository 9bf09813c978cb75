#include "media/sandbox/landlock.h"

#include <cerrno>
#include <cstdint>

#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"

namespace vf::media::sandbox {
namespace {

constexpr std::uint32_t kAskVersion = 1;  // LANDLOCK_CREATE_RULESET_VERSION

// struct landlock_ruleset_attr as of ABI 6; older kernels are handed its beginning.
struct RulesetAttr {
  std::uint64_t handled_access_fs;
  std::uint64_t handled_access_net;
  std::uint64_t scoped;
};

// One row an ABI that added something: how many bits of each word it knows.
struct AbiRow {
  int abi;
  int file_bits;
  int network_bits;
  int scope_bits;
  std::size_t attr_bytes;
  std::string_view denies;
};
constexpr AbiRow kAbis[] = {
    {1, 13, 0, 0, 8, "opening, reading, writing, creating and removing files"},
    {2, 14, 0, 0, 8, "moving and linking files between folders"},
    {3, 15, 0, 0, 8, "truncating files"},
    {4, 15, 2, 0, 16, "binding and connecting TCP sockets"},
    {5, 16, 2, 0, 16, "ioctl on devices"},
    {6, 16, 2, 2, 24, "abstract unix sockets of, and signals to, processes outside"},
};

constexpr std::uint64_t low_bits(int count) { return (std::uint64_t{1} << count) - 1; }

}  // namespace

int landlock_abi() {
  const auto abi = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, kAskVersion);
  return abi > 0 ? static_cast<int>(abi) : 0;
}

std::vector<std::string_view> landlock_denials(int abi) {
  std::vector<std::string_view> out;
  for (const auto& row : kAbis)
    if (row.abi <= abi) out.push_back(row.denies);
  return out;
}

Result<void> restrict_by_landlock(int abi) {
  const AbiRow* best = nullptr;
  for (const auto& row : kAbis)
    if (row.abi <= abi) best = &row;
  if (!best) return {};
  const RulesetAttr attr{low_bits(best->file_bits), low_bits(best->network_bits), low_bits(best->scope_bits)};
  const UniqueFd ruleset(static_cast<int>(::syscall(SYS_landlock_create_ruleset, &attr, best->attr_bytes, 0)));
  if (!ruleset) return std::unexpected(system_error(errno, "create the sandbox's Landlock rule set"));
  if (::syscall(SYS_landlock_restrict_self, ruleset.get(), 0) != 0)
    return std::unexpected(system_error(errno, "enter the sandbox's Landlock rule set"));
  return {};
}

}  // namespace vf::media::sandbox
