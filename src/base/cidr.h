// Internet addresses and ranges of them (RFC 4291, RFC 4632), as keys, proxies and limits name them.
//
// An IPv4 address that arrives inside IPv6 ("::ffff:192.0.2.1") is that IPv4 address, so that a rule for
// the one holds for the other. A range of one family never contains an address of the other: "::/0" is
// every IPv6 address and no IPv4 address. Values; no threads, no name lookups.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"

namespace vf {

class IpAddress {
 public:
  // "192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1"; no port, no brackets, no zone. Errors: invalid_argument.
  static Result<IpAddress> parse(std::string_view text);

  bool v4() const;
  int bits() const { return v4() ? 32 : 128; }
  std::string text() const;  // canonical (RFC 5952); mapped ones as IPv4
  auto operator<=>(const IpAddress&) const = default;

 private:
  friend class Cidr;
  std::array<std::uint8_t, 16> bytes_{};  // IPv4 as its mapped form
};

class Cidr {
 public:
  // "10.0.0.0/8", "2001:db8::/32", "::ffff:10.0.0.0/104" (the same as 10.0.0.0/8); without a prefix one
  // address. Bits beyond the prefix are dropped. Errors: invalid_argument, with what is wrong; also for a mapped
  // address with a prefix below 96, which would be a range of IPv6 that holds no such address.
  static Result<Cidr> parse(std::string_view text);

  bool contains(const IpAddress& address) const;
  std::string text() const;  // canonical: "10.0.0.0/8"
  auto operator<=>(const Cidr&) const = default;

 private:
  IpAddress network_;
  int prefix_ = 128;  // over the 128 bits of the mapped form
};

bool any_contains(std::span<const Cidr> ranges, const IpAddress& address);

}  // namespace vf
