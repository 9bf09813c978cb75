// Which connections wait for which topic's events. Thread-safe.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace vf::http {

class Connection;

class Topics {
 public:
  void join(const std::string& topic, const std::shared_ptr<Connection>& connection);
  void leave(const std::string& topic, const Connection* connection);
  std::vector<std::shared_ptr<Connection>> of(std::string_view topic) const;
  std::size_t streams() const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  using Members = std::unordered_map<const Connection*, std::weak_ptr<Connection>>;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, Members, Hash, std::equal_to<>> topics_;
  std::size_t streams_ = 0;
};

}  // namespace vf::http
