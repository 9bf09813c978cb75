// What leases and results of stages share; all inside the caller's transaction.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "store/sqlite/sqlite_jobs.h"

namespace vf::store {

struct Held {
  Job job;
  int round = 0;
  std::set<std::string> stages;
};

// What a token still holds; empty where it is void.
Result<std::optional<Held>> held(Database& db, std::int64_t token);

// Notes that the job runs, where it was `from` until now ("pending", "paused").
Result<void> start_job(Database& db, Job& job, std::string_view from, std::int64_t now);

// Progress of the round's stages, weighted by what they are expected to cost.
Result<void> update_progress(Database& db, const std::string& job);

// Lets others take what the token holds, from `not_before` on; where it `counts`, an attempt was used up.
Result<void> return_stages(Database& db, std::int64_t token, std::int64_t not_before, bool counts,
                           const std::optional<std::string>& error);

// {code, detail, stage, recoverable}
json::object error_object(const Error& error, const std::string& stage);

}  // namespace vf::store
