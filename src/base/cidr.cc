#include "base/cidr.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include <fmt/format.h>

namespace vf {
namespace {

constexpr std::array<std::uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr int kMappedBits = 96;

std::unexpected<Error> not_a_range(std::string_view text) {
  return fail(ErrorCode::invalid_argument,
              fmt::format("\"{}\" is not a range of addresses; write 192.0.2.0/24 or 2001:db8::/32.", text));
}

}  // namespace

Result<IpAddress> IpAddress::parse(std::string_view text) {
  IpAddress out;
  const std::string whole(text);
  // A NUL inside would end the text early for inet_pton.
  const bool plain = text.find('\0') == std::string_view::npos;
  if (plain && inet_pton(AF_INET, whole.c_str(), out.bytes_.data() + kMapped.size()) == 1) {
    std::copy(kMapped.begin(), kMapped.end(), out.bytes_.begin());
    return out;
  }
  if (plain && inet_pton(AF_INET6, whole.c_str(), out.bytes_.data()) == 1) return out;
  return fail(ErrorCode::invalid_argument, fmt::format("\"{}\" is not an IPv4 or IPv6 address.", text));
}

bool IpAddress::v4() const { return std::equal(kMapped.begin(), kMapped.end(), bytes_.begin()); }

std::string IpAddress::text() const {
  char out[INET6_ADDRSTRLEN] = {};
  const bool four = v4();
  inet_ntop(four ? AF_INET : AF_INET6, bytes_.data() + (four ? kMapped.size() : 0), out, sizeof out);
  return out;
}

Result<Cidr> Cidr::parse(std::string_view text) {
  const auto slash = text.find('/');
  const auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) return not_a_range(text);
  Cidr out;
  out.network_ = *address;
  if (slash == std::string_view::npos) return out;

  const auto number = text.substr(slash + 1);
  const bool written_as_v4 = text.find(':') == std::string_view::npos;
  const int most = written_as_v4 ? 32 : 128;
  int prefix = -1;
  const auto [end, wrong] = std::from_chars(number.data(), number.data() + number.size(), prefix);
  const bool digits = !number.empty() && number[0] >= '0' && number[0] <= '9';
  if (!digits || wrong != std::errc{} || end != number.data() + number.size()) return not_a_range(text);
  if (prefix > most)
    return fail(ErrorCode::invalid_argument, fmt::format("The prefix of \"{}\" is longer than {} bits.", text, most));
  if (!written_as_v4 && address->v4() && prefix < kMappedBits)
    return fail(ErrorCode::invalid_argument,
                fmt::format("\"{}\" reaches beyond the IPv4 addresses written inside IPv6; write the range as IPv4 "
                            "(127.0.0.0/8) or with a prefix of {} bits or more.",
                            text, kMappedBits));
  out.prefix_ = written_as_v4 ? prefix + kMappedBits : prefix;
  for (int bit = out.prefix_; bit < 128; ++bit)
    out.network_.bytes_[static_cast<std::size_t>(bit / 8)] &= static_cast<std::uint8_t>(~(0x80 >> (bit % 8)));
  return out;
}

bool Cidr::contains(const IpAddress& address) const {
  const bool range_of_v4 = network_.v4() && prefix_ >= kMappedBits;
  if (range_of_v4 != address.v4()) return false;
  const auto whole = static_cast<std::size_t>(prefix_ / 8);
  if (std::memcmp(network_.bytes_.data(), address.bytes_.data(), whole) != 0) return false;
  const int rest = prefix_ % 8;
  if (rest == 0) return true;
  const auto mask = static_cast<std::uint8_t>(0xff << (8 - rest));
  return (network_.bytes_[whole] & mask) == (address.bytes_[whole] & mask);
}

std::string Cidr::text() const {
  const bool range_of_v4 = network_.v4() && prefix_ >= kMappedBits;
  return fmt::format("{}/{}", network_.text(), range_of_v4 ? prefix_ - kMappedBits : prefix_);
}

bool any_contains(std::span<const Cidr> ranges, const IpAddress& address) {
  return std::any_of(ranges.begin(), ranges.end(), [&](const Cidr& range) { return range.contains(address); });
}

}  // namespace vf
