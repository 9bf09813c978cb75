#include "http/server/topics.h"

namespace vf::http {

void Topics::join(const std::string& topic, const std::shared_ptr<Connection>& connection) {
  const std::lock_guard lock(mutex_);
  streams_ += topics_[topic].emplace(connection.get(), connection).second;
}

void Topics::leave(const std::string& topic, const Connection* connection) {
  const std::lock_guard lock(mutex_);
  const auto found = topics_.find(topic);
  if (found == topics_.end()) return;
  streams_ -= found->second.erase(connection);
  if (found->second.empty()) topics_.erase(found);
}

std::vector<std::shared_ptr<Connection>> Topics::of(std::string_view topic) const {
  std::vector<std::shared_ptr<Connection>> out;
  const std::lock_guard lock(mutex_);
  if (const auto found = topics_.find(topic); found != topics_.end())
    for (const auto& [unused, member] : found->second)
      if (auto alive = member.lock()) out.push_back(std::move(alive));
  return out;
}

std::size_t Topics::streams() const {
  const std::lock_guard lock(mutex_);
  return streams_;
}

}  // namespace vf::http
