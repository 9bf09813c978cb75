// The port for jobs and their stages: what is wanted, what is done, and who works on what. The rows are the
// truth; a queue only rings.
//
// A job starts with one stage, "drive/0". Driving it (app/driver.h) adds stages and the next drive, which
// waits for them, or ends the job. A stage is leased to one worker under a token that grows with every lease;
// what comes later under an older token changes nothing. Thread-safe; each call is one transaction and
// writes its events with it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "jobs/plan.h"
#include "store/files.h"
#include "store/page.h"

namespace vf::store {

struct Job {
  std::string id;
  std::string kind;
  std::string owner;
  std::optional<std::string> video;
  json::value params;
  std::int64_t priority = 0;  // higher first
  std::string state;          // pending, processing, paused, completed, failed, cancelled
  std::string reason;         // why it is paused
  json::value error;          // {code, message, stage}; null unless failed
  json::value result;         // null until completed
  std::string correlation;
  std::string trace;    // traceparent of what ordered it; empty: nobody follows it
  double progress = 0;  // 0 to 1
  std::int64_t created_ms = 0;
  std::optional<std::int64_t> started_ms;
  std::optional<std::int64_t> finished_ms;
  std::optional<std::int64_t> expires_ms;  // of its files
};

struct NewJob {
  std::string kind;
  std::string owner;
  std::optional<std::string> video;
  json::value params;
  std::int64_t priority = 0;
  std::string correlation;
  std::string trace = {};  // traceparent of what orders it
  std::string id = {};     // empty: a new one; else a repeated order under it gives the job that stands
};

struct StageRow {
  jobs::Stage stage;
  int round = 0;
  std::string state;
  int attempts = 0;
  double fraction = 0;
  std::optional<jobs::StageOutput> output;
  std::optional<jobs::StageUsage> usage;
  json::value error;
  std::optional<std::int64_t> started_ms;
  std::optional<std::int64_t> finished_ms;
};

struct JobFilter {
  std::string owner;  // empty: anybody's
  std::string state;
  std::string kind;
  std::string video;
};

// What a worker can take now.
struct Capacity {
  bool heavy = true;              // a slot for real work is free
  bool light = true;              // one for what takes moments
  std::int64_t memory_bytes = 0;  // for all the stages of the lease together
};

// Stages of one group of one job, all running under one token.
struct Lease {
  std::int64_t token = 0;
  Job job;
  int round = 0;
  bool light = false;
  std::vector<StageRow> stages;
  std::map<std::string, jobs::BlobRef> sources;  // that the stages of this round read
};

struct StageDone {
  std::string id;
  jobs::StageOutput output;
  jobs::StageUsage usage;
  bool reused = false;
  std::vector<FileRow> shown = {};  // what can be watched since, besides or in the place of what could before
  double shown_seconds = 0;
};

// What is known of a video once it was looked at.
struct VideoFacts {
  json::value info;
  std::optional<std::int64_t> duration_ms;
  std::optional<std::int64_t> width;
  std::optional<std::int64_t> height;
};

// What a drive adds to its job.
struct Extension {
  std::vector<jobs::Stage> stages;
  std::map<std::string, jobs::BlobRef> sources;  // by the names the stages read them under
  double progress_to = 1;                        // how far the job is once they are done, 0 to 1
  std::vector<FileRow> shown;                    // can be watched already: the video becomes playable
  std::optional<VideoFacts> facts;
};

// How a job ends well.
struct Finished {
  json::value result;
  std::vector<FileRow> files;
  bool for_video = false;  // the files become the video's, which is ready then; else the job's
  std::optional<VideoFacts> facts;
  std::optional<jobs::BlobRef> source;  // an import's: the video's bytes
  std::optional<NewJob> next;           // begins with this one's end, on the same video
  std::optional<std::int64_t> expires_ms;
};

struct Beat {
  std::int64_t token = 0;
  double fraction = 0;
};

struct WorkerRow {
  std::string id;
  std::string host;
  std::int64_t pid = 0;
  int slots = 0;
  std::int64_t beat = 0;
  std::int64_t started_ms = 0;
  std::int64_t seen_ms = 0;
  int running = 0;
};

struct QueueFigures {
  std::int64_t ready = 0;
  std::int64_t running = 0;
  std::int64_t oldest_ready_ms = 0;  // age of the job that waits longest
};

struct StageCount {
  std::string kind;
  std::string state;
  std::int64_t count = 0;
};

class JobStore {
 public:
  virtual ~JobStore() = default;

  virtual Result<Job> create(const NewJob& job) = 0;
  virtual Result<std::optional<Job>> find(const std::string& id) = 0;
  virtual Result<Page<Job>> list(const JobFilter& filter, int limit, const std::optional<Cursor>& from) = 0;
  virtual Result<std::vector<StageRow>> stages(const std::string& job) = 0;
  // Outputs of the named stages of one round; those that are not done are missing.
  virtual Result<std::map<std::string, jobs::StageOutput>> outputs(const std::string& job, int round,
                                                                   const std::vector<std::string>& stages) = 0;

  // False: it had ended already. Running stages are told by their next heartbeat.
  virtual Result<bool> cancel(const std::string& job) = 0;
  // A failed or cancelled job goes on where it stopped. False: it is neither.
  virtual Result<bool> retry(const std::string& job) = 0;

  // --- the worker's side ---

  virtual Result<void> register_worker(const WorkerRow& worker) = 0;
  // Its leases return to the queue; they were not its fault.
  virtual Result<void> remove_worker(const std::string& worker) = 0;
  // The worker vanished: its stages are tried again elsewhere, each time after a longer pause, so that one that
  // ends its workers lets others go first. After `max_losses` the job is set aside.
  virtual Result<void> lose_worker(const std::string& worker, int max_losses) = 0;
  virtual Result<std::vector<WorkerRow>> workers() = 0;

  // The next stages for this worker: the lighter class first, then by priority, then the owner who got the
  // least so far, then the oldest job. Empty: nothing that fits.
  virtual Result<std::optional<Lease>> lease(const std::string& worker, const Capacity& capacity) = 0;

  // Keeps the worker's leases and notes how far they are. Gives the tokens it no longer holds; nothing where
  // the worker itself was given up for lost and must register again.
  virtual Result<std::optional<std::vector<std::int64_t>>> beat(const std::string& worker,
                                                                const std::vector<Beat>& leases) = 0;

  // All of these give false where the token is no longer valid; nothing was changed then.
  virtual Result<bool> complete(std::int64_t token, const std::vector<StageDone>& done) = 0;
  virtual Result<bool> extend(std::int64_t token, const Extension& extension) = 0;
  virtual Result<bool> finish(std::int64_t token, const Finished& finished) = 0;
  // What is left of the lease is tried again after `delay_ms`. Waiting for resources counts no attempt
  // and pauses the job with its reason.
  virtual Result<bool> put_back(std::int64_t token, const Error& error, std::int64_t delay_ms, bool counts) = 0;
  virtual Result<bool> fail(std::int64_t token, const Error& error) = 0;

  virtual Result<QueueFigures> figures() = 0;
  // Stages of jobs that have not ended.
  virtual Result<std::vector<StageCount>> count_stages() = 0;
  virtual Result<std::vector<std::pair<std::string, std::int64_t>>> count_by_state() = 0;
  virtual Result<std::vector<std::string>> expired(std::int64_t now_ms, int limit) = 0;
  virtual Result<bool> remove(const std::string& job) = 0;
};

}  // namespace vf::store
