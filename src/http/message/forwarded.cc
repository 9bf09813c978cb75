#include "http/message/forwarded.h"

#include <optional>
#include <string_view>

#include "http/message/fields.h"

namespace vf::http {
namespace {

// One step of the way: who came to that proxy, and how.
struct Hop {
  std::string address;  // with a port, perhaps
  std::string protocol;
};

// "192.0.2.1:8080", "[2001:db8::1]:8080", "[2001:db8::1]", "2001:db8::1"
std::optional<IpAddress> address_of(std::string_view text) {
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    text = text.substr(1, end - 1);
  } else if (const auto colon = text.find(':'); colon != std::string_view::npos && colon == text.rfind(':')) {
    text = text.substr(0, colon);
  }
  auto address = IpAddress::parse(text);
  if (!address) return std::nullopt;
  return *address;
}

std::vector<std::string_view> elements(const Headers& headers, std::string_view field) {
  std::vector<std::string_view> out;
  for (const auto& [name, value] : headers.fields())
    if (equal_ignoring_case(name, field))
      for (const auto item : split_list(value)) out.push_back(item);
  return out;
}

std::vector<Hop> hops_of_forwarded(const Headers& headers) {
  std::vector<Hop> out;
  for (const auto element : elements(headers, "Forwarded")) {
    Hop hop;
    for (const auto pair : split_list(element, ';')) {
      const auto equals = std::min(pair.find('='), pair.size() - 1);
      const auto name = trim(pair.substr(0, equals));
      if (equal_ignoring_case(name, "for")) hop.address = unquote(pair.substr(equals + 1));
      if (equal_ignoring_case(name, "proto")) hop.protocol = lower(unquote(pair.substr(equals + 1)));
    }
    out.push_back(std::move(hop));
  }
  return out;
}

std::vector<Hop> hops_of_x_forwarded_for(const Headers& headers) {
  std::vector<Hop> out;
  for (const auto address : elements(headers, "X-Forwarded-For")) out.push_back({std::string(address), {}});
  // Proxies that do not append write one protocol for the whole way; the nearest proxy's word counts.
  const auto protocols = elements(headers, "X-Forwarded-Proto");
  for (std::size_t i = 0; i < out.size() && !protocols.empty(); ++i)
    out[i].protocol = lower(protocols.size() == out.size() ? protocols[i] : protocols.back());
  return out;
}

}  // namespace

Sender sender_of(const Headers& headers, const IpAddress& peer, bool tls, const ProxyOptions& options) {
  Sender sender{peer, tls};
  if (!any_contains(options.trusted, peer)) return sender;
  const auto hops =
      options.field == ForwardedField::forwarded ? hops_of_forwarded(headers) : hops_of_x_forwarded_for(headers);
  for (auto hop = hops.rbegin(); hop != hops.rend() && any_contains(options.trusted, sender.address); ++hop) {
    const auto address = address_of(hop->address);
    if (!address) break;  // "unknown", or made up: the last one that a proxy vouched for stays
    sender.address = *address;
    if (!hop->protocol.empty()) sender.secure = hop->protocol == "https";
  }
  return sender;
}

}  // namespace vf::http
