// The operations of the platform, one file an area; each gives rows of the endpoint table. The platform
// outlives the router.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "http/endpoint.h"
#include "http/platform.h"

namespace vf::http {

std::vector<Endpoint> video_endpoints(Platform& platform);
std::vector<Endpoint> gallery_endpoints(Platform& platform);
std::vector<Endpoint> job_endpoints(Platform& platform);
std::vector<Endpoint> download_endpoints(Platform& platform);
std::vector<Endpoint> playback_endpoints(Platform& platform);
std::vector<Endpoint> playlist_endpoints(Platform& platform);
std::vector<Endpoint> asset_endpoints(Platform& platform);

// What one part of the system says of itself.
struct Check {
  std::string name;
  bool ok = true;
  std::string reason;  // where it is not
};

struct SystemParts {
  std::string version;
  std::function<std::vector<Check>()> ready;
  std::function<std::string()> metrics;
};
std::vector<Endpoint> system_endpoints(SystemParts parts);

// How rows are written: a function of the platform and the call.
using PlatformHandler = Response (*)(Platform&, const Call&);
Endpoint platform_endpoint(Platform& platform, std::string method, std::string path, auth::Permission permission,
                           PlatformHandler handler, std::int64_t body_limit = 0, RateClass rate = RateClass::api);

inline constexpr std::int64_t kJsonLimit = 1 << 20;

// Into the audit log: that this caller did `action` to `target` ("video 0193.."). Never what somebody typed.
void record(Platform& platform, const Call& call, std::string_view action, std::string target, std::string detail = "");

// The bytes of a published file; ranges and conditions are the transport's, and so is a blob that is gone.
Response file_response(Platform& platform, store::FileRow file);

}  // namespace vf::http
