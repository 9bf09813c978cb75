// The application that the transport serves: finds a request's endpoint, asks the gate, collects the body
// where the handler wants it whole, and turns what goes wrong into problems.
//
// Made once from the endpoint table, then used by all threads of the server.
#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "http/endpoint.h"
#include "http/gate.h"
#include "http/message/application.h"
#include "http/routes.h"

namespace vf::http {

// An exchange that is over, for logs and metrics.
struct Finished {
  const Request& request;
  const Endpoint* endpoint = nullptr;  // nullptr: it led to none
  int status = 0;                      // 0: the client went away first
  std::int64_t bytes_in = 0;
  std::int64_t bytes_out = 0;
  double seconds = 0;
};

// They may be called from any thread; empty ones are not.
struct RouterHooks {
  // A request was understood; whoever follows traces writes its place into request.trace.
  std::function<void(const Request& request)> opened;
  // A handler threw, or met a fault of ours. The client sees a 5xx with the request's correlation id; `what` is
  // for the log.
  std::function<void(const Request& request, std::string_view what)> failed;
  std::function<void(const Finished& finished)> finished;
};

class Router final : public Application {
 public:
  // `gate` has to outlive the router. Errors (internal: the table is wrong): an endpoint without permission
  // or without exactly one handler, a bad template, two for one method and path.
  static Result<std::unique_ptr<Router>> create(std::vector<Endpoint> endpoints, Gate& gate, RouterHooks hooks = {});

  bool instant(const Request& request) const override;
  Opened open(const Request& request) override;
  void closed(const Request& request, int status, std::int64_t bytes_in, std::int64_t bytes_out,
              double seconds) override;
  void failed(const Request& request, std::string_view what) override;
  Response refuse(const Request& request, int status, std::string_view reason) override;

  const std::vector<Endpoint>& endpoints() const { return endpoints_; }

 private:
  Router(std::vector<Endpoint> endpoints, Gate& gate, RouterHooks hooks);
  Opened answer_unmatched(const Request& request, const Routes::Match& match) const;
  Opened enter(const Request& request, const Endpoint& endpoint, Routes::Match match);
  void watch(Response& response, const Call& call, const Endpoint& endpoint);

  std::vector<Endpoint> endpoints_;
  Gate& gate_;
  RouterHooks hooks_;
  Routes routes_;
};

}  // namespace vf::http
