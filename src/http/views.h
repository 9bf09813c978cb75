// Videos, jobs, playlists and events as the API shows them, and what lists and access checks share.
#pragma once

#include <expected>

#include "base/json.h"
#include "http/endpoint.h"
#include "http/message/problem.h"
#include "http/message/wire_json.h"
#include "http/platform.h"
#include "store/assets.h"

namespace vf::http {

json::object video_json(const store::Video& video);
json::object job_json(const store::Job& job, std::int64_t now_ms);
json::object stage_json(const store::StageRow& row);
json::object playlist_json(const store::Playlist& playlist);
json::object asset_json(const store::Asset& asset);
json::object file_json(const store::FileRow& file);

json::value time_json(const std::optional<std::int64_t>& milliseconds);

// "limit" (1 to 100, 50 where it is missing) and "cursor" of a list. The Response is a problem.
struct PageQuery {
  int limit = 50;
  std::optional<store::Cursor> from;
};
std::expected<PageQuery, Response> page_query(const Request& request);
std::string cursor_text(const store::Cursor& cursor);

// {"items": [...], "nextCursor": "..."}
template <typename T, typename View>
std::string page_text(const store::Page<T>& page, const View& view) {
  json::array items;
  for (const auto& item : page.items) items.push_back(view(item));
  json::object out{{"items", std::move(items)}};
  if (page.next)
    out["nextCursor"] = cursor_text(*page.next);
  else
    out["nextCursor"] = nullptr;
  return wire_json(out);
}
template <typename T, typename View>
Response page_response(const store::Page<T>& page, const View& view) {
  return json_text_response(200, page_text(page, view));
}

// Whose it is, or an admin: may change it.
bool owns(const auth::Principal& who, const std::string& owner);
// A private thing's reader: whoever owns it, unless he shows an API key whose scopes leave `reading` out. Open
// operations have to ask this, because their gate lets every key through.
bool reads_own(const auth::Principal& who, const std::string& owner, auth::Permission reading);
// Also others', where it is public or whoever asks knows its address (unlisted).
bool may_read(const auth::Principal& who, const store::Video& video);
// Whoever makes a link gives away what he has to be allowed to read himself: a key may have only write:videos.
std::optional<Response> refuse_sharing(const Call& call, const store::Video& video);
bool may_read(const auth::Principal& who, const std::string& owner, std::string_view visibility);

// The video, where the caller may read, name or change it; naming (in a playlist, in a comparison) shows nothing of
// it, so a key needs no scope for that. What one may not know of answers like what is not there: 404; what one may
// know but not change: 403.
std::expected<store::Video, Response> readable_video(Platform& platform, const Call& call, const std::string& id);
// The same for who needs no more of it than that; before a cache is asked, so that a refusal takes as long whether the
// video is there or not.
std::expected<store::VideoAccess, Response> readable_access(Platform& platform, const Call& call, const std::string& id);
std::expected<store::Video, Response> known_video(Platform& platform, const Call& call, const std::string& id);
std::expected<store::Video, Response> own_video(Platform& platform, const Call& call, const std::string& id);
std::expected<store::Job, Response> readable_job(Platform& platform, const Call& call, const std::string& id);

// The caller's own, or anybody's for an admin; 404 for another's as for one that is not there.
std::expected<store::Asset, Response> own_asset(Platform& platform, const Call& call, const std::string& id);

Response not_found(const Request& request, std::string_view what);

// Evaluates to the value of a Result, or answers the call with its problem.
#define VF_ANSWER(call, ...) VF_ANSWER_NAMED(VF_JOIN(vf_answer_, __COUNTER__), call, __VA_ARGS__)
#define VF_ANSWER_NAMED(name, call, ...)                                 \
  ({                                                                     \
    auto name = (__VA_ARGS__);                                           \
    if (!name) return ::vf::http::problem((call).request, name.error()); \
    std::move(*name);                                                    \
  })

// The same for Result<void>.
#define VF_ANSWER_CHECK(call, ...)                                                                                    \
  do {                                                                                                                \
    if (auto vf_checked = (__VA_ARGS__); !vf_checked) return ::vf::http::problem((call).request, vf_checked.error()); \
  } while (false)

// Evaluates to the value, or answers with the Response that stands in its place.
#define VF_OR_RESPONSE(...) VF_OR_RESPONSE_NAMED(VF_JOIN(vf_response_, __COUNTER__), __VA_ARGS__)
#define VF_OR_RESPONSE_NAMED(name, ...)        \
  ({                                           \
    auto name = (__VA_ARGS__);                 \
    if (!name) return std::move(name).error(); \
    std::move(*name);                          \
  })

}  // namespace vf::http
