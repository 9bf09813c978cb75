// Text from a stranger's file, made safe to store and to show.
#pragma once

#include <string>
#include <string_view>

namespace vf::media {

// Valid UTF-8 of at most `limit` bytes: broken sequences become U+FFFD, control characters and the
// directional overrides that disguise names (U+202A-202E, U+2066-2069) become spaces. Sets `cut` when
// something was left out for length; never clears it.
std::string clean_text(std::string_view raw, std::size_t limit, bool& cut);

}  // namespace vf::media
