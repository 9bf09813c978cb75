// Jobs: order, list, look, cancel, retry, follow, and fetch what they made.
#include <array>

#include "http/handlers/handlers.h"
#include "http/idempotency.h"
#include "http/json_body.h"
#include "http/quotas.h"
#include "http/views.h"

namespace vf::http {
namespace {

using auth::Permission;

constexpr std::int64_t kMostPriority = 99;
constexpr std::int64_t kUrgent = 100;  // before everybody; admins only
constexpr int kEventsAtOnce = 500;

struct NewJobBody {
  std::string kind;
  std::string videoId;
  std::optional<json::value> params;
  std::optional<std::int64_t> priority;
};
BOOST_DESCRIBE_STRUCT(NewJobBody, (), (kind, videoId, params, priority))

std::optional<Response> check_priority(const Call& call, std::int64_t priority) {
  const auto most = call.who.admin() ? kUrgent : kMostPriority;
  if (priority >= 0 && priority <= most) return std::nullopt;
  return problem(call.request, 400, "invalid_argument", fmt::format("\"priority\" is 0 to {}.", most),
                 {{"/priority", fmt::format("expected 0 to {}", most)}});
}

// Follows from key and order, so that a repetition finds the job also where the answer was never kept: the
// server may end between the two.
std::string id_of_order(const Call& call) {
  const auto* key = call.request.headers.find("Idempotency-Key");
  return derived_id(call.who.user, key ? fmt::format("job {} {}", *key, call.body) : "");
}

// What is wrong with the assets that the parameters name; another's is as one that is not there.
std::optional<Response> check_assets(Platform& platform, const Call& call, const std::string& kind,
                                     const json::value& params) {
  for (const auto& named : platform.kinds.assets_read(kind, params)) {
    const auto asset = own_asset(platform, call, named.id);
    if (!asset) return asset.error();
    if (asset->kind != named.kind)
      return problem(
          call.request, 400, "invalid_argument",
          fmt::format("The asset {} is of the kind {}; here it has to be {}.", named.id, asset->kind, named.kind));
  }
  return std::nullopt;
}

Response create(Platform& platform, const Call& call) {
  const auto body = VF_OR_RESPONSE(read_body<NewJobBody>(call));
  const auto priority = body.priority.value_or(0);
  if (auto refused = check_priority(call, priority)) return std::move(*refused);
  const auto params = VF_ANSWER(call, platform.kinds.check(body.kind, body.params.value_or(nullptr)));
  // Work on a video is its owner's to order, but for what only reads it.
  const auto video = VF_OR_RESPONSE(own_video(platform, call, body.videoId));
  if (!video.source) return problem(call.request, 409, "conflict", "The video's bytes are not here yet.");
  for (const auto& other : platform.kinds.videos_read(body.kind, params))
    VF_OR_RESPONSE(known_video(platform, call, other));
  if (auto refused = check_assets(platform, call, body.kind, params)) return std::move(*refused);
  std::unique_lock<std::mutex> admission;
  if (platform.quotas) {
    admission = platform.quotas->admission();
    const QuotaWish wish{.job = true, .media_ms = video.duration_ms.value_or(0)};
    if (auto refused = platform.quotas->refuse(call.request, video.owner, wish)) return std::move(*refused);
  }
  const auto job =
      VF_ANSWER(call, platform.jobs.create({body.kind, video.owner, video.id, params, priority,
                                            call.request.correlation, call.request.traceparent(), id_of_order(call)}));
  platform.ring();
  auto response = json_response(201, job_json(job, platform.now_ms()));
  response.headers.set("Location", "/api/jobs/" + job.id);
  return response;
}

Response plan(Platform& platform, const Call& call) {
  const auto body = VF_OR_RESPONSE(read_body<NewJobBody>(call));
  const auto params = VF_ANSWER(call, platform.kinds.check(body.kind, body.params.value_or(nullptr)));
  const auto video = VF_OR_RESPONSE(own_video(platform, call, body.videoId));
  if (auto refused = check_assets(platform, call, body.kind, params)) return std::move(*refused);
  return json_response(200, VF_ANSWER(call, platform.plan(video, body.kind, params)));
}

Response list(Platform& platform, const Call& call) {
  const auto page = VF_OR_RESPONSE(page_query(call.request));
  store::JobFilter filter;
  filter.owner = call.who.admin() ? std::string(call.request.query_value("owner")) : call.who.user;
  filter.state = call.request.query_value("state");
  filter.kind = call.request.query_value("kind");
  filter.video = call.request.query_value("videoId");
  const auto now = platform.now_ms();
  return page_response(VF_ANSWER(call, platform.jobs.list(filter, page.limit, page.from)),
                       [&](const store::Job& job) { return job_json(job, now); });
}

// What it cost so far, by the stages that ran.
json::object summary(const std::vector<store::StageRow>& rows) {
  double cpu = 0;
  std::int64_t peak = 0;
  int attempts = 0;
  int reused = 0;
  int done = 0;
  for (const auto& row : rows) {
    attempts += row.attempts;
    reused += row.state == "skipped" ? 1 : 0;
    done += row.state == "done" || row.state == "skipped" ? 1 : 0;
    if (!row.usage) continue;
    cpu += row.usage->cpu_seconds;
    peak = std::max(peak, row.usage->peak_memory_bytes);
  }
  return {{"stages", rows.size()}, {"stagesDone", done}, {"stagesReused", reused},
          {"attempts", attempts},  {"cpuSeconds", cpu},  {"peakMemoryBytes", peak}};
}

Response show(Platform& platform, const Call& call) {
  const auto job = VF_OR_RESPONSE(readable_job(platform, call, call.param("id")));
  const auto rows = VF_ANSWER(call, platform.jobs.stages(job.id));
  auto out = job_json(job, platform.now_ms());
  json::array stages;
  for (const auto& row : rows) stages.push_back(stage_json(row));
  out["stages"] = std::move(stages);
  auto figures = summary(rows);
  if (job.started_ms) {
    figures["waitSeconds"] = static_cast<double>(*job.started_ms - job.created_ms) / 1000;
    figures["wallSeconds"] = static_cast<double>(job.finished_ms.value_or(platform.now_ms()) - *job.started_ms) / 1000;
  }
  out["summary"] = std::move(figures);
  json::array files;
  std::int64_t bytes = 0;
  for (const auto& file : VF_ANSWER(call, platform.videos.files(job.id))) {
    auto row = file_json(file);
    row["url"] = fmt::format("/api/jobs/{}/files/{}", job.id, file.name);
    files.push_back(std::move(row));
    bytes += file.size;
  }
  out["summary"].as_object()["resultBytes"] = bytes;
  out["files"] = std::move(files);
  return json_response(200, out);
}

Response cancel(Platform& platform, const Call& call) {
  const auto job = VF_OR_RESPONSE(readable_job(platform, call, call.param("id")));
  if (!VF_ANSWER(call, platform.jobs.cancel(job.id)))
    return problem(call.request, 409, "conflict", fmt::format("The job is {} already.", job.state));
  if (platform.cancelled) platform.cancelled(job);
  return json_response(200, job_json(*VF_ANSWER(call, platform.jobs.find(job.id)), platform.now_ms()));
}

Response retry(Platform& platform, const Call& call) {
  const auto job = VF_OR_RESPONSE(readable_job(platform, call, call.param("id")));
  std::unique_lock<std::mutex> admission;
  if (platform.quotas && (job.state == "failed" || job.state == "cancelled")) {
    admission = platform.quotas->admission();
    if (auto refused = platform.quotas->refuse(call.request, job.owner, {.job = true})) return std::move(*refused);
  }
  if (!VF_ANSWER(call, platform.jobs.retry(job.id)))
    return problem(call.request, 409, "conflict",
                   fmt::format("Only a failed or cancelled job is retried; this one is {}.", job.state));
  platform.ring();
  return json_response(200, job_json(*VF_ANSWER(call, platform.jobs.find(job.id)), platform.now_ms()));
}

// What a stage does, for people; stages are named by kind, then part: "encode/0003/1080p".
constexpr std::array kSentences{
    std::pair{"probe", "Looking at the video"},
    std::pair{"audio-fit", "Looking at the sound"},
    std::pair{"encode", "Encoding"},
    std::pair{"copy", "Copying what fits"},
    std::pair{"audio", "Preparing the sound"},
    std::pair{"stitch", "Joining the parts"},
    std::pair{"verify", "Checking what was made"},
    std::pair{"package", "Writing the playlists"},
    std::pair{"poster", "Choosing the poster"},
    std::pair{"storyboard", "Making the storyboard"},
    std::pair{"frames", "Extracting frames"},
    std::pair{"fetch", "Fetching the file"},
    std::pair{"analyze", "Measuring the quality"},
    std::pair{"compare", "Comparing the pictures"},
};

std::string sentence_of(const std::string& stage) {
  for (const auto& [prefix, sentence] : kSentences)
    if (stage.starts_with(prefix)) return sentence;
  return "Working on the video";
}

// What a client has seen and is told next. Durable events carry their number as id; progress does not.
class JobFeed {
 public:
  JobFeed(Platform& platform, std::string job, std::int64_t last)
      : platform_(platform), job_(std::move(job)), last_(last) {}

  EventStream::Batch read() {
    EventStream::Batch out;
    const auto events = platform_.events.after(job_, last_, kEventsAtOnce);
    if (!events) return out;
    for (const auto& event : *events) {
      out.text += fmt::format("id: {}\nevent: {}\ndata: {}\n\n", event.number, event.type, wire_json(wire(event)));
      last_ = event.number;
    }
    const auto job = platform_.jobs.find(job_);
    if (!job) return out;
    if (!*job) {
      out.end = true;
      return out;
    }
    if ((*job)->state == "processing" && (*job)->progress > told_) {
      told_ = (*job)->progress;
      const auto view = job_json(**job, platform_.now_ms());
      out.text +=
          fmt::format("event: progress\ndata: {}\n\n", wire_json(json::object{{"percentage", view.at("percentage")},
                                                                              {"stage", stage_},
                                                                              {"message", sentence_of(stage_)},
                                                                              {"etaSeconds", view.at("etaSeconds")}}));
    }
    const auto& state = (*job)->state;
    // All of the log was sent: an ended job has no more to tell until somebody retries it.
    out.end = (state == "completed" || state == "failed" || state == "cancelled") &&
              events->size() < static_cast<std::size_t>(kEventsAtOnce);
    return out;
  }

 private:
  json::value wire(const store::Event& event) {
    if (event.type == "stage-complete") {
      const auto& next = event.data.as_object().at("nextStage");
      if (next.is_string()) stage_ = std::string(next.as_string());
    }
    if (event.type != "done") return event.data;
    auto data = event.data.as_object();
    if (const auto* video = data.if_contains("videoId"))
      data["videoUrl"] = fmt::format("/api/stream/{}/master.m3u8", std::string_view(video->as_string()));
    return data;
  }

  Platform& platform_;
  std::string job_;
  std::int64_t last_;
  double told_ = -1;
  std::string stage_;
};

Response events(Platform& platform, const Call& call) {
  const auto job = VF_OR_RESPONSE(readable_job(platform, call, call.param("id")));
  std::int64_t last = 0;
  if (const auto* id = call.request.headers.find("Last-Event-ID")) {
    char* end = nullptr;
    last = std::strtoll(id->c_str(), &end, 10);
    if (*end != '\0' || last < 0)
      return problem(call.request, 400, "invalid_argument", "Last-Event-ID is the id of an event of this job.");
  }
  auto feed = std::make_shared<JobFeed>(platform, job.id, last);
  Response response;
  response.headers.set("Content-Type", "text/event-stream");
  response.headers.set("Cache-Control", "no-store");
  response.body = EventStream{"job:" + job.id, [feed] { return feed->read(); }};
  return response;
}

Response frames_of_video(Platform& platform, const Call& call) {
  const auto video = VF_OR_RESPONSE(own_video(platform, call, call.param("id")));
  const auto page = VF_OR_RESPONSE(page_query(call.request));
  const auto now = platform.now_ms();
  return page_response(
      VF_ANSWER(call, platform.jobs.list({.kind = "frames", .video = video.id}, page.limit, page.from)),
      [&](const store::Job& job) {
        auto out = job_json(job, now);
        if (job.state == "completed") out["archive"] = fmt::format("/api/jobs/{}/archive", job.id);
        return out;
      });
}

// Sent again under one Idempotency-Key, it is one job.
Endpoint order_endpoint(Platform& platform) {
  auto out = platform_endpoint(platform, "POST", "/api/jobs", Permission::write_jobs, create, kJsonLimit);
  out.handle = idempotent(platform, std::move(out.handle));
  return out;
}

}  // namespace

std::vector<Endpoint> job_endpoints(Platform& p) {
  return {
      order_endpoint(p),
      platform_endpoint(p, "POST", "/api/jobs/plan", Permission::write_jobs, plan, kJsonLimit),
      platform_endpoint(p, "GET", "/api/jobs", Permission::read_jobs, list),
      platform_endpoint(p, "GET", "/api/jobs/{id}", Permission::read_jobs, show),
      platform_endpoint(p, "POST", "/api/jobs/{id}/cancel", Permission::write_jobs, cancel),
      platform_endpoint(p, "POST", "/api/jobs/{id}/retry", Permission::write_jobs, retry),
      platform_endpoint(p, "GET", "/api/jobs/{id}/events", Permission::read_jobs, events, 0, RateClass::none),
      platform_endpoint(p, "GET", "/api/videos/{id}/frames", Permission::read_videos, frames_of_video),
  };
}

}  // namespace vf::http
