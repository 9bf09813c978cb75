#include "jobs/plan.h"

#include "base/sha256.h"

namespace vf::jobs {

std::string stage_key(std::string_view scope, std::string_view kind, std::string_view version,
                      const json::value& params, const std::vector<StageOutput>& inputs) {
  json::object all;
  all["scope"] = json::string(scope);
  all["kind"] = json::string(kind);
  all["version"] = json::string(version);
  all["params"] = params;
  all["inputs"] = to_json(inputs);
  return sha256_hex(dump(all));
}

}  // namespace vf::jobs
