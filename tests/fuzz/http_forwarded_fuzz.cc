// Whatever a client claims, a peer that is no configured proxy is who it is, and no claim leaves an
// address that cannot be written and read again. The first byte chooses field and peer.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "http/message/forwarded.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace http = vf::http;
  if (size < 1) return 0;
  const bool standard = data[0] & 1, proxied = data[0] & 2;
  const std::string text(reinterpret_cast<const char*>(data + 1), size - 1);
  http::Headers headers;
  headers.add(standard ? "Forwarded" : "X-Forwarded-For", text);
  headers.add("X-Forwarded-Proto", text);
  const http::ProxyOptions options{{*vf::Cidr::parse("10.0.0.0/8")},
                                   standard ? http::ForwardedField::forwarded : http::ForwardedField::x_forwarded_for};
  const auto peer = *vf::IpAddress::parse(proxied ? "10.0.0.1" : "192.0.2.1");
  const auto sender = http::sender_of(headers, peer, false, options);
  if (!proxied && (sender.address != peer || sender.secure)) std::abort();
  if (const auto again = vf::IpAddress::parse(sender.address.text()); !again || *again != sender.address) std::abort();
  return 0;
}
