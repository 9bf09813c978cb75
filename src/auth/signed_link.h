// Links that carry their own right: a token for one video and one purpose, for a while.
//
// A token is 30 characters of [A-Za-z0-9_-], fit for one segment of a path, so that a manifest's relative
// URLs keep it: a version, the second at which it ends, and the first 16 bytes of an HMAC-SHA256 over
// version, purpose, video, the video's salt and that second. Nothing is stored; a new salt for the video
// revokes every token of it. Thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace vf::auth {

enum class LinkPurpose { playback, download, upload };

class LinkSigner {
 public:
  // `key`: 32 random bytes of this server (AuthKeys).
  explicit LinkSigner(std::string key) : key_(std::move(key)) {}

  // `subject`: the id of the video (or job, or upload). `expires`: Unix milliseconds, rounded up to a second.
  std::string sign(LinkPurpose purpose, std::string_view subject, std::string_view salt, std::int64_t expires) const;

  // Whether the token is ours, for this subject and purpose, and not over at `now` (Unix milliseconds).
  bool check(std::string_view token, LinkPurpose purpose, std::string_view subject, std::string_view salt,
             std::int64_t now) const;

 private:
  std::string tag(LinkPurpose purpose, std::string_view subject, std::string_view salt, std::string_view end) const;
  std::string key_;
};

// A fresh salt for a video.
std::string new_link_salt();

}  // namespace vf::auth
