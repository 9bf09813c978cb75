// What `videoforge doctor` tells about the sandbox on this machine.
#pragma once

#include <string>
#include <vector>

#include <boost/describe/class.hpp>

#include "media/sandbox/limits.h"

namespace vf::media {

struct AllowedCall {
  std::string name;
  std::string only;  // the arguments that are allowed; empty: all
  std::string reason;
};
BOOST_DESCRIBE_STRUCT(AllowedCall, (), (name, only, reason))

struct SandboxReport {
  std::string kernel;  // "6.1.0-18-amd64"
  bool seccomp = false;
  int landlock_abi = 0;
  std::vector<std::string> landlock_denies;
  bool children_visible = false;  // /proc shows what a child uses
  std::vector<AllowedCall> allowed_calls;
  Limits default_limits;
  std::vector<std::string> warnings;  // in words; empty where everything holds
};
BOOST_DESCRIBE_STRUCT(SandboxReport, (),
                      (kernel, seccomp, landlock_abi, landlock_denies, children_visible, allowed_calls, default_limits,
                       warnings))

// Asks the kernel; changes nothing in this process.
SandboxReport describe_sandbox();

}  // namespace vf::media
