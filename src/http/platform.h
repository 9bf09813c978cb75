// What the handlers of videos, uploads, jobs and playlists work with. Made by app; everything in it outlives
// the router and is thread-safe.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "auth/audit.h"
#include "auth/signed_link.h"
#include "blob/blob_store.h"
#include "jobs/kinds.h"
#include "store/assets.h"
#include "store/events.h"
#include "store/jobs.h"
#include "store/playlists.h"
#include "store/uploads.h"
#include "store/videos.h"
#include "telemetry/trace.h"

namespace vf::http {

class Answers;
class Quotas;

struct PlatformOptions {
  std::string version;
  std::string public_url;                             // how clients reach us; empty: as each request named us
  std::string default_visibility = "private";         // of new videos
  std::int64_t max_upload_bytes = 50LL << 30;         // of one upload
  std::int64_t max_form_bytes = 2LL << 30;            // of one multipart upload
  std::int64_t disk_margin_bytes = 1LL << 30;         // left free whatever is uploaded
  std::int64_t upload_ms = 24LL * 3600 * 1000;        // an upload that is not finished is kept so long
  std::int64_t presigned_ms = 15LL * 60 * 1000;       // a presigned address is good for so long
  std::int64_t playback_link_ms = 6LL * 3600 * 1000;  // a playback token
  std::int64_t download_link_ms = 3600LL * 1000;      // a link to an archive or a file
};

struct Platform {
  PlatformOptions options;
  store::VideoStore& videos;
  store::JobStore& jobs;
  store::UploadStore& uploads;
  store::PlaylistStore& playlists;
  store::EventLog& events;
  store::IdempotencyStore& idempotency;
  blob::BlobStore& blobs;
  const jobs::Kinds& kinds;
  const auth::LinkSigner& links;
  std::filesystem::path uploads_dir;     // bytes of uploads that are not whole yet
  std::function<std::int64_t()> now_ms;  // Unix milliseconds
  std::function<void()> ring;            // a job may be ready for a worker
  // What a job would do and cost, without doing it.
  std::function<Result<json::value>(const store::Video&, const std::string& kind, const json::value& params)> plan;
  // What is in a video's file, looked at now.
  std::function<Result<json::value>(const store::Video&, bool loudness)> look;
  telemetry::Tracer* tracer = nullptr;  // none: traces are off
  // Told of a job that a person has ended.
  std::function<void(const store::Job&)> cancelled = {};
  Answers* answers = nullptr;  // none: answers are made anew each time
  store::AssetStore* assets = nullptr;
  // What is in a file that is to be an asset of that kind, by parsing it in the sandbox. Errors: invalid_input.
  std::function<Result<json::value>(const std::string& owner, const std::string& kind, const jobs::BlobRef& blob)>
      look_at_asset = {};
  Quotas* quotas = nullptr;      // none: accounts have no bounds
  auth::Audit* audit = nullptr;  // none: what concerns security is not written down
};

}  // namespace vf::http
