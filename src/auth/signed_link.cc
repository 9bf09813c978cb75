#include "auth/signed_link.h"

#include <array>

#include <fmt/format.h>

#include "auth/crypto.h"

namespace vf::auth {
namespace {

constexpr char kVersion = '\x01';
constexpr std::size_t kEndBytes = 5;  // seconds, to the year 36812
constexpr std::size_t kTagBytes = 16;
constexpr std::array<std::string_view, 3> kPurposes{"playback", "download", "upload"};

std::string end_bytes(std::int64_t seconds) {
  std::string bytes;
  for (int i = kEndBytes - 1; i >= 0; --i) bytes += static_cast<char>(seconds >> (8 * i) & 0xff);
  return bytes;
}

std::int64_t end_seconds(std::string_view bytes) {
  std::int64_t seconds = 0;
  for (const unsigned char b : bytes) seconds = seconds << 8 | b;
  return seconds;
}

}  // namespace

// Lengths stand before the texts, so that no two different calls feed the same bytes.
std::string LinkSigner::tag(LinkPurpose purpose, std::string_view subject, std::string_view salt,
                            std::string_view end) const {
  const auto name = kPurposes.at(static_cast<std::size_t>(purpose));
  std::string text =
      fmt::format("link {} {} {}:{} {}:{} ", int{kVersion}, name, subject.size(), subject, salt.size(), salt);
  text += end;
  return hmac_sha256(key_, text).substr(0, kTagBytes);
}

std::string LinkSigner::sign(LinkPurpose purpose, std::string_view subject, std::string_view salt,
                             std::int64_t expires) const {
  const auto end = end_bytes((expires + 999) / 1000);
  return base64url(std::string(1, kVersion) + end + tag(purpose, subject, salt, end));
}

bool LinkSigner::check(std::string_view token, LinkPurpose purpose, std::string_view subject, std::string_view salt,
                       std::int64_t now) const {
  const auto bytes = from_base64url(token);
  if (!bytes || bytes->size() != 1 + kEndBytes + kTagBytes || bytes->front() != kVersion) return false;
  const auto end = std::string_view(*bytes).substr(1, kEndBytes);
  const auto given = std::string_view(*bytes).substr(1 + kEndBytes);
  return same_secret(tag(purpose, subject, salt, end), given) && end_seconds(end) * 1000 > now;
}

std::string new_link_salt() { return random_token(12); }

}  // namespace vf::auth
