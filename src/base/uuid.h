// Names for rows and requests: UUID version 7 (RFC 9562 5.7), lower-case text of 36 characters.
//
// They sort by the time they were made; those of one process strictly in the order they were made, even
// when the clock stands still or is set back. 62 bits are random (getrandom), so that nobody guesses one.
#pragma once

#include <string>
#include <string_view>

namespace vf {

// Thread-safe.
std::string make_uuid();

// Whether the text has the shape of a UUID of any version, in lower case.
bool is_uuid(std::string_view text);

}  // namespace vf
