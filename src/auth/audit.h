// Writes the audit log: who, what, on what, from where, how it ended. Never a secret, and never what a
// stranger typed (a password typed into the wrong field would stay there for good). Thread-safe.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "auth/clock.h"
#include "auth/principal.h"
#include "store/audit.h"

namespace vf::auth {

struct Act {
  std::string_view action;  // "session.start", "key.create", "user.role"
  std::string target;       // "key 0193.."; empty: the actor himself
  std::string_view outcome = "ok";
  std::string detail;
};

class Audit {
 public:
  // `complain` is told when a row cannot be written; the act itself stands. The store outlives this.
  Audit(store::AuditStore& store, Clock clock, std::function<void(const Error&)> complain)
      : store_(store), clock_(std::move(clock)), complain_(std::move(complain)) {}

  void record(const Principal& who, const std::string& address, const Act& act);

 private:
  store::AuditStore& store_;
  Clock clock_;
  std::function<void(const Error&)> complain_;
};

}  // namespace vf::auth
