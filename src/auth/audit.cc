#include "auth/audit.h"

#include <fmt/format.h>

namespace vf::auth {
namespace {

std::string via(const Principal& who) {
  if (!who.key.empty()) return fmt::format("key {}", who.key);
  if (!who.session.empty()) return fmt::format("session {}", who.session);
  return {};
}

}  // namespace

void Audit::record(const Principal& who, const std::string& address, const Act& act) {
  const auto written =
      store_.append({.at = clock_(),
                     .actor = who.user,
                     .actor_name = who.name,
                     .via = via(who),
                     .action = std::string(act.action),
                     .target = act.target.empty() && !who.anonymous() ? "user " + who.user : act.target,
                     .address = address,
                     .outcome = std::string(act.outcome),
                     .detail = act.detail});
  if (!written && complain_) complain_(written.error());
}

}  // namespace vf::auth
