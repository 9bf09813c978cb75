# Turns src/auth/common_passwords.txt into a table in the binary, sorted for binary search: nothing to look for
# at run time, and no network.
set(list ${CMAKE_SOURCE_DIR}/src/auth/common_passwords.txt)
file(STRINGS ${list} stems REGEX "^[a-z]")
list(SORT stems)
list(LENGTH stems count)
list(JOIN stems "\",\"" stems)
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/generated/auth/common_passwords.h CONTENT
"// Made by cmake/CommonPasswords.cmake from src/auth/common_passwords.txt.
#pragma once
#include <array>
#include <string_view>
namespace vf::auth {
inline constexpr std::array<std::string_view, ${count}> kCommonPasswords{\"${stems}\"};
}  // namespace vf::auth
" @ONLY)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${list})
