// Which passwords may be chosen. Checked when one is set, never when one is entered.
//
// What follows is the advice of NIST SP 800-63B 5.1.1.2: length counts, lists of known ones count,
// classes of characters are asked for only where the operator wants them.
#pragma once

#include <string_view>

#include "base/error.h"

namespace vf::auth {

struct PasswordPolicy {
  std::size_t least_length = 10;   // in characters (code points), as people count
  std::size_t most_length = 1024;  // in bytes; argon2id takes more, a request need not
  int least_classes = 1;           // of lower case, upper case, digits, others: 1..4
};

// Errors: invalid_argument with the sentence for whoever chooses it; the password itself never stands in it.
Result<void> check_password(const PasswordPolicy& policy, std::string_view password, std::string_view user_name);

}  // namespace vf::auth
