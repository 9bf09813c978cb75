// Any request target is refused or becomes a path that is safe to look at, and decoding is stable: what
// is encoded again and read again is the same.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "http/message/target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace http = vf::http;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto target = http::parse_target(text);
  if (!target) return 0;
  const auto& path = target->path;
  if (path.empty() || path[0] != '/' || !http::is_utf8(path) || path.find('\0') != std::string::npos) std::abort();
  if ((path + "/").find("/../") != std::string::npos || (path + "/").find("/./") != std::string::npos) std::abort();
  std::string again;
  for (const char c : path) again += c == '/' ? "/" : http::percent_encode(std::string_view(&c, 1));
  if (const auto second = http::parse_target(again); !second || second->path != path) std::abort();
  return 0;
}
