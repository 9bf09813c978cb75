#include "http/export.h"

#include "http/views.h"

namespace vf::http {
namespace {

constexpr std::size_t kMost = 10'000;  // of each list
constexpr int kAtOnce = 100;

// `page(limit, from) -> Result<store::Page<T>>`, to its end or the bound.
template <typename Read, typename View>
Result<json::array> everything(Read page, std::string_view name, json::array& truncated, View view) {
  json::array out;
  std::optional<store::Cursor> from;
  while (true) {
    const auto read = VF_TRY(page(kAtOnce, from));
    for (const auto& item : read.items) out.push_back(VF_TRY(view(item)));
    from = read.next;
    if (!from) return out;
    if (out.size() < kMost) continue;
    truncated.emplace_back(name);
    return out;
  }
}

}  // namespace

Result<json::object> export_of(Platform& platform, const std::string& user) {
  using Object = Result<json::object>;
  json::array truncated;
  json::object out;
  const auto now = platform.now_ms();
  out["videos"] =
      VF_TRY(everything([&](int limit, const auto& from) { return platform.videos.list({.owner = user}, limit, from); },
                        "videos", truncated, [](const store::Video& one) -> Object { return video_json(one); }));
  out["jobs"] =
      VF_TRY(everything([&](int limit, const auto& from) { return platform.jobs.list({.owner = user}, limit, from); },
                        "jobs", truncated, [&](const store::Job& one) -> Object { return job_json(one, now); }));
  out["playlists"] =
      VF_TRY(everything([&](int limit, const auto& from) { return platform.playlists.list(user, "", limit, from); },
                        "playlists", truncated,
                        [&](const store::Playlist& one) -> Object {
                          json::array videos;
                          for (auto& id : VF_TRY(platform.playlists.items(one.id))) videos.emplace_back(std::move(id));
                          return json::object{{"playlist", playlist_json(one)}, {"videoIds", std::move(videos)}};
                        }));
  if (platform.assets)
    out["assets"] =
        VF_TRY(everything([&](int limit, const auto& from) { return platform.assets->list(user, "", limit, from); },
                          "assets", truncated, [](const store::Asset& one) -> Object { return asset_json(one); }));
  out["truncated"] = std::move(truncated);
  return out;
}

}  // namespace vf::http
