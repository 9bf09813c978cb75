// JSON as clients read it: numbers in the shortest decimal form that reads back as the same double, whole ones
// without a point, and an exponent only where the number has one for people, too (1e-9, 1e+300).
//
// Not base's dump(): that form is hashed into keys of finished stages and must stay as it is.
#pragma once

#include <string>

#include "base/json.h"

namespace vf::http {

// Compact, members in order, valid by RFC 8259. What JSON has no number for (NaN, infinities) becomes null.
std::string wire_json(const json::value& value);

}  // namespace vf::http
