#include "http/router.h"

#include <algorithm>
#include <exception>
#include <utility>

#include <fmt/format.h>

#include "auth/rate_limit.h"
#include "http/message/problem.h"

namespace vf::http {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

void add_fields(Response& response, const Fields& fields) {
  for (const auto& [name, value] : fields) response.headers.add(name, value);
}

const Response* response_of(const Response& response) { return &response; }
const Response* response_of(const std::optional<Response>& response) { return response ? &*response : nullptr; }
const Response* response_of(const Opened& opened) { return &opened.response; }

// Runs what a handler does; an exception becomes a 500, and it or an answer's fault a line in the log.
template <typename Work>
auto guarded(const Request& request, const RouterHooks& hooks, Work&& work, auto&& otherwise) {
  std::string what;
  try {
    auto done = work();
    const auto* response = response_of(done);
    if (response && !response->fault.empty() && hooks.failed) hooks.failed(request, response->fault);
    return done;
  } catch (const std::exception& thrown) {
    what = thrown.what();
  } catch (...) {
    what = "an exception of unknown type";
  }
  if (hooks.failed) hooks.failed(request, what);
  return otherwise(problem(request, Error{ErrorCode::internal, {}, {}, {}}));
}

// The body of a `handle` endpoint, whole in memory; its size is the transport's to bound.
class Collect final : public BodySink {
 public:
  Collect(const Endpoint& endpoint, Call call, Fields fields, const RouterHooks& hooks)
      : endpoint_(endpoint), call_(std::move(call)), fields_(std::move(fields)), hooks_(hooks) {
    call_.body.reserve(
        static_cast<std::size_t>(std::min(call_.request.content_length.value_or(0), endpoint.body_limit)));
  }
  std::optional<Response> write(std::span<const std::uint8_t> bytes) override {
    call_.body.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return std::nullopt;
  }
  Response finish() override {
    auto out = guarded(call_.request, hooks_, [&] { return endpoint_.handle(call_); }, [](Response r) { return r; });
    add_fields(out, fields_);
    return out;
  }

 private:
  const Endpoint& endpoint_;
  Call call_;
  Fields fields_;
  const RouterHooks& hooks_;
};

// A handler's own sink, with the gate's fields on its answer and its exceptions caught.
class Guarded final : public BodySink {
 public:
  Guarded(std::unique_ptr<BodySink> inner, std::shared_ptr<const Call> call, Fields fields, const RouterHooks& hooks)
      : inner_(std::move(inner)), call_(std::move(call)), fields_(std::move(fields)), hooks_(hooks) {}
  std::optional<Response> write(std::span<const std::uint8_t> bytes) override {
    auto out = guarded(
        call_->request, hooks_, [&] { return inner_->write(bytes); },
        [](Response r) { return std::optional(std::move(r)); });
    if (out) add_fields(*out, fields_);
    return out;
  }
  Response finish() override {
    auto out = guarded(call_->request, hooks_, [&] { return inner_->finish(); }, [](Response r) { return r; });
    add_fields(out, fields_);
    return out;
  }

 private:
  std::unique_ptr<BodySink> inner_;
  std::shared_ptr<const Call> call_;
  Fields fields_;
  const RouterHooks& hooks_;
};

std::string joined(const std::vector<std::string>& names) { return fmt::format("{}", fmt::join(names, ", ")); }

std::string_view what_is_wrong(const Endpoint& endpoint) {
  if (!endpoint.permission) return "declares no permission";
  if (static_cast<bool>(endpoint.handle) == static_cast<bool>(endpoint.begin)) return "needs one of handle and begin";
  if (endpoint.method.empty() || endpoint.method.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ") != std::string::npos)
    return "has a method that is not in upper case";
  if (endpoint.body_limit < 0) return "has a negative body limit";
  if (endpoint.lane == Lane::instant && endpoint.body_limit > 0) return "is instant and takes a body";
  if (endpoint.lane == Lane::slow && endpoint.body_limit == 0) return "is slow and takes no body to wait with";
  return {};
}

}  // namespace

const std::string& Call::param(std::string_view name) const {
  static const std::string kNone;
  for (const auto& [key, value] : params)
    if (key == name) return value;
  return kNone;
}

Router::Router(std::vector<Endpoint> endpoints, Gate& gate, RouterHooks hooks)
    : endpoints_(std::move(endpoints)), gate_(gate), hooks_(std::move(hooks)) {}

Result<std::unique_ptr<Router>> Router::create(std::vector<Endpoint> endpoints, Gate& gate, RouterHooks hooks) {
  std::unique_ptr<Router> out(new Router(std::move(endpoints), gate, std::move(hooks)));
  for (const auto& endpoint : out->endpoints_) {
    if (const auto wrong = what_is_wrong(endpoint); !wrong.empty())
      return fail(ErrorCode::internal, fmt::format("The endpoint {} {} {}.", endpoint.method, endpoint.path, wrong));
    VF_CHECK(out->routes_.add(endpoint));
  }
  return out;
}

bool Router::instant(const Request& request) const {
  const auto match = routes_.find(request.method, request.path);
  return match.endpoint && match.endpoint->lane == Lane::instant;
}

Opened Router::open(const Request& request) {
  if (hooks_.opened) hooks_.opened(request);
  auto match = routes_.find(request.method, request.path);
  if (!match.endpoint) return answer_unmatched(request, match);
  const auto& endpoint = *match.endpoint;
  return guarded(
      request, hooks_, [&] { return enter(request, endpoint, std::move(match)); },
      [](Response r) {
        Opened out;
        out.response = std::move(r);
        return out;
      });
}

Opened Router::answer_unmatched(const Request& request, const Routes::Match& match) const {
  // The path is not repeated: people paste keys and links into the wrong place.
  Opened out;
  if (match.allowed.empty()) {
    out.response = problem(request, 404, "not_found", "There is nothing at this address.");
    return out;
  }
  auto allowed = match.allowed;
  allowed.push_back("OPTIONS");
  if (request.method == "OPTIONS") {
    out.response.status = 204;
  } else {
    out.response = problem(request, 405, "method_not_allowed",
                           fmt::format("This address takes no {}; it takes {}.", request.method, joined(allowed)));
  }
  out.response.headers.add("Allow", joined(allowed));
  return out;
}

// Whoever signs out, or whose key is revoked, hears no more.
void Router::watch(Response& response, const Call& call, const Endpoint& endpoint) {
  auto* events = std::get_if<EventStream>(&response.body);
  if (!events) return;
  events->alive = [this, request = call.request, &endpoint, who = call.who] {
    return gate_.still_admits(request, endpoint, who);
  };
  events->read = [alive = events->alive, read = std::move(events->read)]() -> EventStream::Batch {
    return alive() ? read() : EventStream::Batch{{}, true};
  };
}

Opened Router::enter(const Request& request, const Endpoint& endpoint, Routes::Match match) {
  Opened out;
  auto verdict = gate_.admit(request, endpoint);
  if (auto* refused = std::get_if<Response>(&verdict)) {
    out.response = std::move(*refused);
    return out;
  }
  auto& admitted = std::get<Admitted>(verdict);
  if (endpoint.lane == Lane::slow) out.slow_turn = auth::address_group(request.peer);
  Call call{request, std::move(admitted.who), std::move(match.params), {}};
  if (endpoint.begin) {
    const auto shared = std::make_shared<const Call>(std::move(call));
    auto turn = std::move(out.slow_turn);
    out = endpoint.begin(shared);
    if (out.sink) {
      out.slow_turn = std::move(turn);
      if (out.body_limit == 0) out.body_limit = endpoint.body_limit;
      out.sink = std::make_unique<Guarded>(std::move(out.sink), shared, std::move(admitted.headers), hooks_);
      return out;
    }
  } else if (endpoint.body_limit > 0) {
    out.body_limit = endpoint.body_limit;
    out.sink = std::make_unique<Collect>(endpoint, std::move(call), std::move(admitted.headers), hooks_);
    return out;
  } else {
    out.response = endpoint.handle(call);
    watch(out.response, call, endpoint);
  }
  add_fields(out.response, admitted.headers);
  return out;
}

void Router::closed(const Request& request, int status, std::int64_t bytes_in, std::int64_t bytes_out, double seconds) {
  if (!hooks_.finished) return;
  const auto match = routes_.find(request.method, request.path);
  hooks_.finished({request, match.endpoint, status, bytes_in, bytes_out, seconds});
}

void Router::failed(const Request& request, std::string_view what) {
  if (hooks_.failed) hooks_.failed(request, what);
}

Response Router::refuse(const Request& request, int status, std::string_view reason) {
  return problem(request, status, status == 413 ? to_string(ErrorCode::limit_exceeded) : code_of(status), reason);
}

}  // namespace vf::http
