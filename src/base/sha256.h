// SHA-256 (FIPS 180-4), as lower-case hexadecimal: the name of a blob and the key of a stage.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"

namespace vf {

// Hashes bytes as they come. Not thread-safe; one object, one hash.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  void update(std::span<const std::uint8_t> bytes);
  void update(std::string_view text);
  // The same state once more, to go on from in two directions.
  Sha256 copy() const;
  // The hash of everything so far; the object is spent afterwards. 64 characters.
  std::string finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string sha256_hex(std::string_view bytes);

// Hashes a whole file from its beginning. `progress` is told the bytes read so far; returning false
// from it ends the work with ErrorCode::cancelled.
Result<std::string> sha256_file(int fd, const std::function<bool(std::int64_t)>& progress = {});

}  // namespace vf
