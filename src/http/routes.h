// The tree behind the router: which endpoints stand at a path.
//
// A template is literal segments and parameters: "/api/videos/{id}", "/stream/{id}/{track}.mp4",
// "/assets/{path...}" (the rest, at the end). A literal goes before a parameter with a suffix, that before
// a bare one, that before a rest; each is tried until one leads to an endpoint of the asked method.
// Built once, then read by many threads.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "http/endpoint.h"

namespace vf::http {

class Routes {
 public:
  Routes();
  ~Routes();
  Routes(Routes&&) noexcept;

  // Errors (internal: the program is wrong): a bad template, or one that is there already.
  Result<void> add(const Endpoint& endpoint);

  struct Match {
    const Endpoint* endpoint = nullptr;                       // nullptr: see `allowed`
    std::vector<std::pair<std::string, std::string>> params;  // in order of the path
    std::vector<std::string> allowed;                         // methods that the path has; empty: no such path
  };
  // `method` "HEAD" finds GET endpoints as well.
  Match find(std::string_view method, std::string_view path) const;

 private:
  struct Node;
  std::unique_ptr<Node> root_;
};

}  // namespace vf::http
