// The port for assets: files that jobs use beside their video, a picture for a watermark or subtitles to be drawn.
// Thread-safe; each call is one transaction.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/json.h"
#include "jobs/plan.h"
#include "store/page.h"

namespace vf::store {

struct Asset {
  std::string id;
  std::string owner;
  std::string kind;       // picture, subtitles
  std::string file_name;  // as the client called it; never part of a path
  std::string content_type;
  jobs::BlobRef blob;
  json::value info;  // what parsing found: {width, height} or {cues}
  std::int64_t created_ms = 0;
};

class AssetStore {
 public:
  virtual ~AssetStore() = default;

  // One that is there under this id stays as it is, and is given back.
  virtual Result<Asset> create(const Asset& asset) = 0;
  virtual Result<std::optional<Asset>> find(const std::string& id) = 0;
  // `owner` empty: anybody's. `kind` empty: any.
  virtual Result<Page<Asset>> list(const std::string& owner, const std::string& kind, int limit,
                                   const std::optional<Cursor>& from) = 0;
  // Its blob is left to collection. False: there was none.
  virtual Result<bool> remove(const std::string& id) = 0;
};

}  // namespace vf::store
