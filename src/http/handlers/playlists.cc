// Playlists: ordered lists of videos.
#include "base/uuid.h"
#include "http/handlers/handlers.h"
#include "http/json_body.h"
#include "http/views.h"

namespace vf::http {
namespace {

using auth::Permission;

constexpr std::size_t kMaxTitle = 300;
constexpr std::size_t kMaxDescription = 20'000;
constexpr std::size_t kMaxItems = 5'000;

struct NewPlaylist {
  std::string title;
  std::optional<std::string> description;
  std::optional<std::string> visibility;
};
BOOST_DESCRIBE_STRUCT(NewPlaylist, (), (title, description, visibility))

struct PlaylistPatch {
  std::optional<std::string> title;
  std::optional<std::string> description;
  std::optional<std::string> visibility;
};
BOOST_DESCRIBE_STRUCT(PlaylistPatch, (), (title, description, visibility))

struct Items {
  std::vector<std::string> videoIds;
};
BOOST_DESCRIBE_STRUCT(Items, (), (videoIds))

Result<void> check(const std::optional<std::string>& title, const std::optional<std::string>& description,
                   const std::optional<std::string>& visibility) {
  if (title && (title->empty() || title->size() > kMaxTitle))
    return fail(ErrorCode::invalid_argument, fmt::format("At /title: expected 1 to {} bytes.", kMaxTitle));
  if (description && description->size() > kMaxDescription)
    return fail(ErrorCode::invalid_argument,
                fmt::format("At /description: expected at most {} bytes.", kMaxDescription));
  if (visibility && *visibility != "public" && *visibility != "unlisted" && *visibility != "private")
    return fail(ErrorCode::invalid_argument, "At /visibility: expected public, unlisted or private.");
  return {};
}

std::expected<store::Playlist, Response> known(Platform& platform, const Call& call) {
  auto playlist = platform.playlists.find(call.param("id"));
  if (!playlist) return std::unexpected(problem(call.request, playlist.error()));
  if (!*playlist || (!owns(call.who, (*playlist)->owner) && (*playlist)->visibility == "private"))
    return std::unexpected(not_found(call.request, "playlist"));
  return std::move(**playlist);
}

std::expected<store::Playlist, Response> readable(Platform& platform, const Call& call) {
  auto playlist = known(platform, call);
  if (playlist && playlist->visibility == "private" &&
      !reads_own(call.who, playlist->owner, Permission::read_playlists))
    return std::unexpected(not_found(call.request, "playlist"));
  return playlist;
}

std::expected<store::Playlist, Response> own(Platform& platform, const Call& call) {
  auto playlist = known(platform, call);
  if (playlist && !owns(call.who, playlist->owner))
    return std::unexpected(
        problem(call.request, 403, "forbidden", "Only the playlist's owner or an admin may do this."));
  return playlist;
}

// With its items, as far as the caller may see them.
Response whole(Platform& platform, const Call& call, int status, const std::string& id) {
  const auto playlist = VF_ANSWER(call, platform.playlists.find(id));
  if (!playlist) return not_found(call.request, "playlist");
  auto out = playlist_json(*playlist);
  json::array items;
  for (const auto& video_id : VF_ANSWER(call, platform.playlists.items(id))) {
    const auto video = VF_ANSWER(call, platform.videos.find(video_id));
    if (video && may_read(call.who, *video)) items.push_back(video_json(*video));
  }
  out["itemCount"] = items.size();
  out["items"] = std::move(items);
  return json_response(status, out);
}

Response list(Platform& platform, const Call& call) {
  const auto page = VF_OR_RESPONSE(page_query(call.request));
  // Who may not read his own here (nobody signed in, a key without that scope) sees public ones; everybody else his
  // own, or with ?visibility=public all public ones.
  const bool all_public =
      !auth::may(call.who, Permission::read_playlists) || call.request.query_value("visibility") == "public";
  auto found = VF_ANSWER(call, platform.playlists.list(all_public ? "" : call.who.user, all_public ? "public" : "",
                                                       page.limit, page.from));
  // How many private videos others put in is not told.
  if (all_public)
    for (auto& playlist : found.items) playlist.items = playlist.open_items;
  return page_response(found, playlist_json);
}

Response create(Platform& platform, const Call& call) {
  const auto body = VF_OR_RESPONSE(read_body<NewPlaylist>(call));
  VF_ANSWER_CHECK(call, check(body.title, body.description, body.visibility));
  store::Playlist playlist;
  playlist.id = make_uuid();
  playlist.owner = call.who.user;
  playlist.title = body.title;
  playlist.description = body.description.value_or("");
  playlist.visibility = body.visibility.value_or("private");
  playlist.created_ms = playlist.updated_ms = platform.now_ms();
  VF_ANSWER_CHECK(call, platform.playlists.create(playlist));
  return whole(platform, call, 201, playlist.id);
}

Response show(Platform& platform, const Call& call) {
  const auto playlist = VF_OR_RESPONSE(readable(platform, call));
  return whole(platform, call, 200, playlist.id);
}

Response change(Platform& platform, const Call& call) {
  const auto playlist = VF_OR_RESPONSE(own(platform, call));
  const auto body = VF_OR_RESPONSE(read_body<PlaylistPatch>(call));
  VF_ANSWER_CHECK(call, check(body.title, body.description, body.visibility));
  VF_ANSWER(call, platform.playlists.change(playlist.id, {body.title, body.description, body.visibility}));
  return whole(platform, call, 200, playlist.id);
}

Response remove(Platform& platform, const Call& call) {
  const auto playlist = VF_OR_RESPONSE(own(platform, call));
  VF_ANSWER(call, platform.playlists.remove(playlist.id));
  return no_content();
}

Response set_items(Platform& platform, const Call& call) {
  const auto playlist = VF_OR_RESPONSE(own(platform, call));
  const auto body = VF_OR_RESPONSE(read_body<Items>(call));
  if (body.videoIds.size() > kMaxItems)
    return problem(call.request, 400, "invalid_argument",
                   fmt::format("A playlist holds at most {} videos.", kMaxItems));
  for (const auto& id : body.videoIds) VF_OR_RESPONSE(known_video(platform, call, id));
  VF_ANSWER_CHECK(call, platform.playlists.set_items(playlist.id, body.videoIds));
  return whole(platform, call, 200, playlist.id);
}

}  // namespace

std::vector<Endpoint> playlist_endpoints(Platform& p) {
  return {
      platform_endpoint(p, "GET", "/api/playlists", Permission::open, list),
      platform_endpoint(p, "POST", "/api/playlists", Permission::write_playlists, create, kJsonLimit),
      platform_endpoint(p, "GET", "/api/playlists/{id}", Permission::open, show),
      platform_endpoint(p, "PATCH", "/api/playlists/{id}", Permission::write_playlists, change, kJsonLimit),
      platform_endpoint(p, "DELETE", "/api/playlists/{id}", Permission::write_playlists, remove),
      platform_endpoint(p, "PUT", "/api/playlists/{id}/items", Permission::write_playlists, set_items, kJsonLimit),
  };
}

}  // namespace vf::http
