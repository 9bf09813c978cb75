// Passwords at rest: argon2id (RFC 9106) in libsodium's text form, which carries its own parameters.
//
// Thread-safe. A hash takes tens of milliseconds and `memory` bytes, so only a few are made at once and
// the others wait their turn: fifty people who sign in together share the machine with the players.
// Never call it from an I/O thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"

namespace vf::auth {

struct PasswordCost {
  std::uint64_t passes = 2;
  std::size_t memory = 19 * 1024 * 1024;  // bytes for each hash (OWASP's second choice, RFC 9106 7.4)
  int at_once = 0;                        // hashes at the same time; 0: half of the processors, two at least
  int waiting = 256;                      // callers that may wait; the next one gets ErrorCode::unavailable
};

class PasswordHasher {
 public:
  // Makes the hash that unknown users are compared with. Errors: no_memory.
  static Result<std::unique_ptr<PasswordHasher>> create(const PasswordCost& cost = {});
  ~PasswordHasher();

  Result<std::string> hash(std::string_view password);

  // Whether it is this password. With an empty `stored` (nobody of that name, or no password set) the
  // answer is false and takes as long.
  Result<bool> verify(std::string_view stored, std::string_view password);

  // Made with other parameters than today's: hash it anew when it was just verified.
  bool is_outdated(const std::string& stored) const;

 private:
  struct Turns;
  explicit PasswordHasher(const PasswordCost& cost);
  PasswordCost cost_;
  std::unique_ptr<Turns> turns_;
  std::string nobody_;
};

}  // namespace vf::auth
