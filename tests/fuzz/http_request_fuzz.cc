// Any bytes in any pieces: the parser takes the same requests and bodies from them however they are cut,
// or refuses. The first byte is the size of the pieces.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "http/server/request_parser.h"

namespace {

// One request as far as it goes, in a line.
std::string parse(std::string_view text, std::size_t piece) {
  vf::http::ServerLimits limits;
  limits.head_bytes = 2048;
  limits.target_bytes = 256;
  vf::http::RequestParser parser(limits);
  std::string buffer, log;
  std::vector<std::span<const std::uint8_t>> body;
  bool told = false;
  for (std::size_t at = 0; at < text.size() && !parser.done() && !parser.refusal(); at += piece) {
    buffer += text.substr(at, piece);
    for (std::size_t used = 1; used > 0 && !buffer.empty() && !parser.done() && !parser.refusal();) {
      body.clear();
      used = parser.feed(buffer, body);
      if (used > buffer.size()) std::abort();
      for (const auto& view : body) {
        const auto* begin = reinterpret_cast<const char*>(view.data());
        if (begin < buffer.data() || begin + view.size() > buffer.data() + used) std::abort();
        log.append(begin, view.size());
      }
      if (parser.head_done() && !told) {
        told = true;
        const auto& head = parser.head();
        log += head.method + " " + head.target + "\n";
        for (const auto& [name, value] : head.headers.fields()) log += name + ": " + value + "\n";
      }
      buffer.erase(0, used);
    }
    if (buffer.size() > limits.head_bytes + 4096 + piece) std::abort();
  }
  if (parser.refusal()) return "refused";
  return log + (parser.done() ? "|done" : "|more");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  const auto whole = parse(text, text.size()), cut = parse(text, 1 + data[0]);
  // What is refused may be so at another byte; what is taken is the same.
  if (whole.ends_with("|done") && cut.ends_with("|done") && whole != cut) std::abort();
  if (whole.ends_with("|done") && cut == "refused") std::abort();
  return 0;
}
