#include "app/platform/endpoints.h"

#include <algorithm>
#include <iterator>

#include "app/platform/pages.h"
#include "http/handlers/uploads.h"

namespace vf::app {

std::vector<http::Endpoint> all_endpoints(http::Accounts& accounts, http::Platform& platform,
                                          http::SystemParts system) {
  auto out = accounts.endpoints();
  const auto add = [&](std::vector<http::Endpoint> more) { std::ranges::move(more, std::back_inserter(out)); };
  for (auto* area : {http::video_endpoints, http::download_endpoints, http::gallery_endpoints, http::job_endpoints,
                     http::upload_endpoints, http::playback_endpoints, http::playlist_endpoints, http::asset_endpoints})
    add(area(platform));
  add(http::system_endpoints(std::move(system)));
  add(page_endpoints());
  return out;
}

}  // namespace vf::app
