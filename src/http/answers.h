// Answers that many ask for, kept: gallery pages, videos, manifests.
//
// Before every look the cache is brought up to the event log (store/events.h), whose head is one number: so nothing
// older than the last committed change is ever answered, whoever made it, this process, a worker beside it or
// `videoforge admin`. What is kept holds no caller's rights: who may see it is asked of each caller, by facts that
// are kept beside it, and what differs between callers stands in the key.
//
// Thread-safe.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "cache/cache.h"
#include "http/platform.h"

namespace vf::http {

class Answers {
 public:
  using Told = std::function<void(std::string_view what, bool hit)>;  // for metrics
  // Both outlive it. Errors: what the log says.
  static Result<std::unique_ptr<Answers>> create(cache::Cache& cache, store::EventLog& events, Told told);

  // The text under `key`, or what `make` gives, which is kept where it gives something. `what` names the sort of
  // answer.
  Result<std::optional<std::string>> text(std::string_view what, const std::string& key, const cache::Tags& tags,
                                          const std::function<Result<std::optional<std::string>>()>& make);

 private:
  Answers(cache::Cache& cache, store::EventLog& events, std::int64_t head, Told told)
      : cache_(cache), events_(events), seen_(head), told_(std::move(told)) {}
  Result<void> catch_up();

  cache::Cache& cache_;
  store::EventLog& events_;
  std::mutex mutex_;
  std::atomic<std::int64_t> seen_;  // of the event log: what came until then is invalidated
  Told told_;
};

// What an answer depends on.
inline const std::string kGalleryTag = "gallery";
std::string video_tag(const std::string& video);

// The same with or without a cache.
Result<std::optional<std::string>> kept_text(Platform& platform, std::string_view what, const std::string& key,
                                             const cache::Tags& tags,
                                             const std::function<Result<std::optional<std::string>>()>& make);

}  // namespace vf::http
