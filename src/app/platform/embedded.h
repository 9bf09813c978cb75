// Files that were put into the binary while it was built (cmake/Pages.cmake): the server's own pages, what
// they load, and the contract.
#pragma once

#include <string_view>
#include <vector>

namespace vf::app {

struct EmbeddedFile {
  std::string_view name;   // "page.js"
  std::string_view bytes;  // live as long as the program
};

std::vector<EmbeddedFile> embedded_files();

}  // namespace vf::app
