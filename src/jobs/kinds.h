// The kinds of jobs as those see them who take orders: names, and whether an order is complete. What a kind
// does is known in app/platform.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"

namespace vf::jobs {

class Kinds {
 public:
  virtual ~Kinds() = default;

  // Those that a client may ask for by name.
  virtual std::vector<std::string> names() const = 0;

  // The parameters with their defaults filled in. Errors: invalid_argument, with the place in the detail.
  virtual Result<json::value> check(const std::string& kind, const json::value& params) const = 0;

  // Ids of videos that the parameters name besides the job's own; the caller sees whether they may be read.
  virtual std::vector<std::string> videos_read(const std::string& kind, const json::value& params) const = 0;

  // Assets that they name, each with what it has to be.
  struct NamedAsset {
    std::string id;
    std::string kind;  // picture, subtitles
  };
  virtual std::vector<NamedAsset> assets_read(const std::string&, const json::value&) const { return {}; }
};

}  // namespace vf::jobs
