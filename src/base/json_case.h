// Names of members: snake_case inside, camelCase on the wire.
#pragma once

#include "base/json.h"

namespace vf {

// Every member's name in the whole value.
json::value to_camel(const json::value& value);
json::value to_snake(const json::value& value);

}  // namespace vf
