// What the platform keeps of one account, for the export of one's data: videos, jobs and playlists as the API shows
// them.
#pragma once

#include "base/json.h"
#include "http/platform.h"

namespace vf::http {

// {"videos": [...], "jobs": [...], "assets": [...], "playlists": [{playlist, videoIds}], "truncated": [names of lists
// that hold more]}
Result<json::object> export_of(Platform& platform, const std::string& user);

}  // namespace vf::http
