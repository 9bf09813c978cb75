#include "http/answers.h"

namespace vf::http {
namespace {

// Events say what changed; this bounds what one that nobody wrote could do.
constexpr std::chrono::minutes kKeep{1};

}  // namespace

Result<std::unique_ptr<Answers>> Answers::create(cache::Cache& cache, store::EventLog& events, Told told) {
  const auto head = VF_TRY(events.head());
  return std::unique_ptr<Answers>(new Answers(cache, events, head, std::move(told)));
}

Result<void> Answers::catch_up() {
  if (VF_TRY(events_.head()) <= seen_) return {};
  const std::scoped_lock lock(mutex_);
  const auto changes = VF_TRY(events_.changes(seen_));
  if (changes.head <= seen_) return {};
  for (const auto& video : changes.videos) VF_CHECK(cache_.invalidate(video_tag(video)));
  if (!changes.videos.empty()) VF_CHECK(cache_.invalidate(kGalleryTag));
  seen_ = changes.head;
  return {};
}

Result<std::optional<std::string>> Answers::text(std::string_view what, const std::string& key, const cache::Tags& tags,
                                                 const std::function<Result<std::optional<std::string>>()>& make) {
  VF_CHECK(catch_up());
  auto found = cache_.find(key, tags);
  const bool hit = found && found->value;
  if (told_) told_(what, hit);
  if (hit) return std::move(found->value);
  auto made = VF_TRY(make());
  // A cache that cannot be asked or does not take it costs time only.
  if (found && made) (void)cache_.put(key, found->mark, *made, kKeep);
  return made;
}

std::string video_tag(const std::string& video) { return "video " + video; }

Result<std::optional<std::string>> kept_text(Platform& platform, std::string_view what, const std::string& key,
                                             const cache::Tags& tags,
                                             const std::function<Result<std::optional<std::string>>()>& make) {
  return platform.answers ? platform.answers->text(what, key, tags, make) : make();
}

}  // namespace vf::http
