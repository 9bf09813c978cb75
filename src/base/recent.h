// A map that stays small: it keeps what was touched lately and forgets the rest.
//
// Two generations: touching an entry brings it into the young one; when that holds `half` entries it becomes
// the old one, and what was old is forgotten. So between `half` and twice `half` of the last touched entries
// are remembered, at constant cost for each touch. Not thread-safe; its owner holds a mutex.
#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>
#include <utility>

namespace vf {

template <typename Value>
class Recent {
 public:
  explicit Recent(std::size_t half) : half_(half) {}

  // The entry, or nullptr.
  Value* find(const std::string& key) {
    if (const auto young = young_.find(key); young != young_.end()) return &young->second;
    const auto old = old_.find(key);
    if (old == old_.end()) return nullptr;
    Value value = std::move(old->second);
    old_.erase(old);
    return &put(key, std::move(value));
  }

  // The entry, made where there is none.
  Value& at(const std::string& key) {
    if (auto* found = find(key)) return *found;
    return put(key, Value{});
  }

  Value& put(const std::string& key, Value value) {
    old_.erase(key);
    if (young_.size() >= half_ && !young_.contains(key)) {
      old_ = std::move(young_);
      young_.clear();
      ++rounds_;
    }
    return young_.insert_or_assign(key, std::move(value)).first->second;
  }

  // How often entries were forgotten for want of room.
  std::size_t rounds() const { return rounds_; }

  void erase(const std::string& key) {
    young_.erase(key);
    old_.erase(key);
  }

  void clear() {
    young_.clear();
    old_.clear();
  }

  template <typename Predicate>
  void erase_if(Predicate predicate) {
    std::erase_if(young_, [&](const auto& entry) { return predicate(entry.first, entry.second); });
    std::erase_if(old_, [&](const auto& entry) { return predicate(entry.first, entry.second); });
  }

  template <typename Visit>
  void each(Visit visit) const {
    for (const auto& [key, value] : young_) visit(key, value);
    for (const auto& [key, value] : old_) visit(key, value);
  }

 private:
  std::size_t half_;
  std::size_t rounds_ = 0;
  std::unordered_map<std::string, Value> young_;
  std::unordered_map<std::string, Value> old_;
};

}  // namespace vf
