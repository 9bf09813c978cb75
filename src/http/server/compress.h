// Content-Encoding: gzip (RFC 1952) for text in memory.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace vf::http {

// Whether bodies of that Content-Type get smaller: text/*, JSON, manifests, SVG.
bool is_compressible(std::string_view content_type);

// Nothing where zlib has no memory.
std::optional<std::string> gzip(std::string_view text);

}  // namespace vf::http
