// What becomes of a video while jobs make it: shown early, published, given up, taken up again. All inside the caller's
// transaction, and nothing where the job makes no video.
#pragma once

#include "store/sqlite/sqlite_jobs.h"

namespace vf::store {

// Files of a video whose job still runs. Those of an earlier set stay until the new one is proven.
Result<void> show_early(Database& db, const Job& job, const std::vector<FileRow>& files, double seconds,
                        std::int64_t now);

Result<void> note_facts(Database& db, const std::string& video, const VideoFacts& facts, std::int64_t now);

// What was shown early stays for those who watch it (forget_heads() ends it); everything else is replaced.
Result<void> publish_to_video(Database& db, const Job& job, const Finished& finished, std::int64_t now);

// An import gave the video its bytes.
Result<void> take_source(Database& db, const Job& job, const jobs::BlobRef& source, std::int64_t now);

// The job ended without a set. The video failed, unless it has one or another job makes it. `error` null: cancelled.
Result<void> stop_making(Database& db, const Job& job, const json::value& error, std::int64_t now);

// The same job goes on: so does the video, and what was shown of it is shown again.
Result<void> take_up_making(Database& db, const Job& job, std::int64_t now);

// Another job begins. What a failed one had shown goes: files of two sets must not mix.
Result<void> make_anew(Database& db, const Job& job, std::int64_t now);

}  // namespace vf::store
