// The frame of a page without scripts: head, style, security policy.
#pragma once

#include <string>
#include <string_view>

namespace vf::app::html {

// A text's hash as a Content-Security-Policy source: 'sha256-<base64>' (CSP Level 3, 2.3.1).
std::string csp_hash(std::string_view text);

// A whole page: nothing is loaded from anywhere, pictures stand in the page as data.
std::string document(std::string_view title, std::string_view body);

// Bytes as a URL that holds them (RFC 2397).
std::string data_url(std::string_view media_type, std::string_view bytes);

}  // namespace vf::app::html
