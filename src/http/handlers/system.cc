// The system's own operations: is it alive, can it work, what are its figures.
#include "http/handlers/handlers.h"
#include "http/views.h"

namespace vf::http {
namespace {

Endpoint open_endpoint(std::string path, std::function<Response(const Call&)> handle) {
  Endpoint out;
  out.method = "GET";
  out.path = std::move(path);
  out.permission = auth::Permission::open;
  out.rate = RateClass::none;
  out.handle = std::move(handle);
  return out;
}

}  // namespace

std::vector<Endpoint> system_endpoints(SystemParts parts) {
  auto shared = std::make_shared<SystemParts>(std::move(parts));
  return {
      instant(open_endpoint("/health",
                            [shared](const Call&) {
                              return json_response(200, json::object{{"status", "ok"}, {"version", shared->version}});
                            })),
      open_endpoint("/ready",
                    [shared](const Call&) {
                      bool all = true;
                      json::array checks;
                      for (const auto& check : shared->ready()) {
                        all = all && check.ok;
                        json::object row{{"name", check.name}, {"ok", check.ok}};
                        if (!check.ok) row["reason"] = check.reason;
                        checks.push_back(std::move(row));
                      }
                      return json_response(all ? 200 : 503,
                                           json::object{{"ready", all}, {"checks", std::move(checks)}});
                    }),
      open_endpoint("/metrics",
                    [shared](const Call&) {
                      Response response;
                      response.headers.set("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
                      response.body = shared->metrics();
                      return response;
                    }),
  };
}

}  // namespace vf::http
