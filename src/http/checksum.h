// Checksums that clients send beside their bytes, hashed as those come: tus' Upload-Checksum, Content-MD5
// (RFC 1864), Repr-Digest and Content-Digest (RFC 9530), x-checksum-sha256.
//
// One object, one body; not thread-safe.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "http/message/message.h"

namespace vf::http {

inline constexpr std::string_view kTusChecksums = "sha1,sha256,md5";

class Checksum {
 public:
  // `algorithm`: sha1, sha256 or md5. Nothing for another one, or for an `expected` (raw bytes) that is not
  // as long as its values are.
  static std::optional<Checksum> create(std::string_view algorithm, std::string expected);
  Checksum(Checksum&&) noexcept;
  ~Checksum();

  void update(std::span<const std::uint8_t> bytes);
  // Whether everything so far is what was expected; spent afterwards.
  bool matches();
  const std::string& algorithm() const { return algorithm_; }

 private:
  struct State;
  Checksum(std::string algorithm, std::string expected, std::unique_ptr<State> state);
  std::string algorithm_;
  std::string expected_;
  std::unique_ptr<State> state_;
};

// Of a whole body: every field that names one. Unexpected: the sentence about a field that cannot be read.
// An algorithm of Repr-Digest that is not ours is passed over (RFC 9530 2).
std::expected<std::vector<Checksum>, std::string> checksums_of(const Request& request);

// RFC 4648 4, with padding; nothing for other text.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace vf::http
