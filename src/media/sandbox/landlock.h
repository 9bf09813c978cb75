// Landlock with an empty rule set. Debian 12's headers know ABI 2; the later constants stand in
// landlock.cc (source: Documentation/userspace-api/landlock.rst).
#pragma once

#include <string_view>
#include <vector>

#include "base/error.h"

namespace vf::media::sandbox {

// The kernel's Landlock ABI; 0 where it has none or it is switched off.
int landlock_abi();

// What that ABI lets us deny, in words.
std::vector<std::string_view> landlock_denials(int abi);

// Denies this thread, and what it starts, everything that `abi` can deny. Needs no_new_privs. Does
// nothing for ABI 0.
Result<void> restrict_by_landlock(int abi);

}  // namespace vf::media::sandbox
