// The connections that there are: bounded in all and by address, and found again when the server stops.
// Thread-safe.
#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "base/cidr.h"
#include "http/server/options.h"

namespace vf::http {

class Connection;

class Census {
 public:
  Census(const ServerLimits& limits, const ProxyOptions& proxies) : limits_(limits), proxies_(proxies) {}

  // False where a bound is reached; the connection is then not counted.
  bool enter(const std::shared_ptr<Connection>& connection, const IpAddress& peer);
  void leave(const Connection* connection, const IpAddress& peer);

  std::vector<std::shared_ptr<Connection>> everyone() const;
  std::size_t size() const;
  // Whether nobody is left within that time; a negative one waits without end.
  bool wait_until_empty(std::chrono::milliseconds time);

 private:
  const ServerLimits& limits_;
  const ProxyOptions& proxies_;
  mutable std::mutex mutex_;
  std::condition_variable left_;
  std::unordered_map<const Connection*, std::weak_ptr<Connection>> members_;
  std::map<IpAddress, std::size_t> by_address_;
};

}  // namespace vf::http
