// Who really sent a request that came through reverse proxies.
//
// Only what configured proxies say is believed: the chain is read from the right, the nearest hop first,
// and ends at the first address that is not one of theirs. Everything to the left of it the client may
// have made up. Which of the two fields the proxies write is configured, because a proxy passes on the
// other one as it came.
#pragma once

#include <string>
#include <vector>

#include "base/cidr.h"
#include "http/message/message.h"

namespace vf::http {

enum class ForwardedField {
  x_forwarded_for,  // with X-Forwarded-Proto
  forwarded,        // RFC 7239
};

struct ProxyOptions {
  std::vector<Cidr> trusted;  // empty: no proxy
  ForwardedField field = ForwardedField::x_forwarded_for;
};

struct Sender {
  IpAddress address;
  bool secure = false;
};

// `peer`: the other end of the connection; `tls`: whether it is encrypted.
Sender sender_of(const Headers& headers, const IpAddress& peer, bool tls, const ProxyOptions& options);

}  // namespace vf::http
