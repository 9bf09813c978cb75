#include "app/report/document.h"

#include <cstdint>

#include <fmt/format.h>

#include "app/report/assets.h"
#include "app/report/html.h"
#include "base/sha256.h"

namespace vf::app::html {
namespace {

int hex_value(char c) { return c <= '9' ? c - '0' : c - 'a' + 10; }

std::string base64(std::string_view bytes) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve(bytes.size() * 4 / 3 + 4);
  std::uint32_t bits = 0;
  int held = 0;
  for (const char c : bytes) {
    bits = (bits << 8 | static_cast<unsigned char>(c)) & 0xffffff;
    for (held += 8; held >= 6;) {
      held -= 6;
      out += kAlphabet[bits >> held & 63];
    }
  }
  if (held > 0) out += kAlphabet[bits << (6 - held) & 63];
  while (out.size() % 4) out += '=';
  return out;
}

}  // namespace

std::string csp_hash(std::string_view text) {
  const std::string hex = sha256_hex(text);
  std::string digest;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    digest += static_cast<char>(hex_value(hex[i]) << 4 | hex_value(hex[i + 1]));
  return fmt::format("'sha256-{}'", base64(digest));
}

std::string data_url(std::string_view media_type, std::string_view bytes) {
  return fmt::format("data:{};base64,{}", media_type, base64(bytes));
}

std::string document(std::string_view title, std::string_view body) {
  return fmt::format(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src {} {}; "
      "base-uri 'none'; form-action 'none'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n"
      "<title>{} \u2013 "
      "VideoForge</title>\n<style>{}</style><style>{}</style></head>\n<body><main>\n{}</main></body></html>\n",
      csp_hash(kPageStyle), csp_hash(kQualityStyle), escape(title), kPageStyle, kQualityStyle, body);
}

}  // namespace vf::app::html
