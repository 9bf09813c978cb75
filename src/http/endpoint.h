// The endpoint table: every operation that is served, each with what it asks of the caller. A router
// is made of these at start; one without a permission, or two for the same method and path, does not
// start.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "auth/principal.h"
#include "base/json.h"
#include "http/message/application.h"

namespace vf::http {

// A request on its way through a handler: the head, who sent it, and the path's parameters.
struct Call {
  Request request;
  auth::Principal who;
  std::vector<std::pair<std::string, std::string>> params;  // of the path: {"id", "0193..."}
  std::string body;                                         // whole; empty where the endpoint takes a stream

  const std::string& param(std::string_view name) const;
};

// Which budget of requests an operation draws from (docs/guides/configure.md, "Rate limits").
enum class RateClass { none, api, auth, webhook, pipeline, upload };

// Where a handler runs. `instant` is for what is read from memory by everybody all the time (playback): it runs on
// the thread that serves the connection. `slow` is for work that keeps a processor busy for tens of milliseconds (a
// password's hash): it waits in a lane of its own and takes no place of others. It needs a body.
enum class Lane { instant, usual, slow };

struct Endpoint {
  std::string method;
  std::string path;  // "/api/videos/{id}"; "{name...}" at the end takes the rest
  std::optional<auth::Permission> permission;
  RateClass rate = RateClass::api;
  std::int64_t body_limit = 0;  // bytes; 0: no body is taken

  // One of the two. A body for `handle` is collected first; `begin` takes it as it comes.
  std::function<Response(const Call&)> handle;
  std::function<Opened(std::shared_ptr<const Call>)> begin;

  Lane lane = Lane::usual;
};

inline Endpoint instant(Endpoint endpoint) {
  endpoint.lane = Lane::instant;
  return endpoint;
}

}  // namespace vf::http
