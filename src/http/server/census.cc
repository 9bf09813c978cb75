#include "http/server/census.h"

namespace vf::http {

bool Census::enter(const std::shared_ptr<Connection>& connection, const IpAddress& peer) {
  const std::lock_guard lock(mutex_);
  if (members_.size() >= limits_.connections) return false;
  const auto bound = any_contains(proxies_.trusted, peer) ? 0 : limits_.connections_per_address;
  if (bound > 0) {
    const auto found = by_address_.find(peer);
    if (found != by_address_.end() && found->second >= bound) return false;
  }
  ++by_address_[peer];
  members_.emplace(connection.get(), connection);
  return true;
}

void Census::leave(const Connection* connection, const IpAddress& peer) {
  {
    const std::lock_guard lock(mutex_);
    if (members_.erase(connection) == 0) return;
    if (const auto found = by_address_.find(peer); --found->second == 0) by_address_.erase(found);
    if (!members_.empty()) return;
  }
  left_.notify_all();
}

std::vector<std::shared_ptr<Connection>> Census::everyone() const {
  std::vector<std::shared_ptr<Connection>> out;
  const std::lock_guard lock(mutex_);
  for (const auto& [unused, member] : members_)
    if (auto alive = member.lock()) out.push_back(std::move(alive));
  return out;
}

std::size_t Census::size() const {
  const std::lock_guard lock(mutex_);
  return members_.size();
}

bool Census::wait_until_empty(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  const auto empty = [&] { return members_.empty(); };
  if (time.count() >= 0) return left_.wait_for(lock, time, empty);
  left_.wait(lock, empty);
  return true;
}

}  // namespace vf::http
