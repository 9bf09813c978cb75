// Secrets at rest: TOTP secrets, signing keys, later webhook and provider secrets, sealed before they reach
// the database (libsodium's secretbox: XSalsa20-Poly1305).
//
// The keys live in a file outside the database (or in the environment), one a line, the newest first:
//   <id> <32 bytes as base64url>
// The first one seals; all of them open. Each sealed text names its key and is bound to a context ("totp of
// user 0193.."), so that it opens nowhere else. Rotation: rotate() the file, reseal everything, drop_old() lines; a
// running server reads the file again when it changed. Copies share their keys. Thread-safe.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace vf::auth {

class SecretBox {
 public:
  // Makes the file, readable by its owner only, where there is none. Errors: invalid_argument when others may
  // read it, or when it is not such a file.
  static Result<SecretBox> open(const std::filesystem::path& file);

  // The file's text, given by an environment variable or a mounted secret; also a key as 64 hexadecimal digits,
  // which is named after its hash. Commas may stand for the ends of lines.
  static Result<SecretBox> from_text(std::string_view text);

  // Puts a new key in front of the file's others; what was sealed before still opens.
  static Result<void> rotate(const std::filesystem::path& file);
  // Leaves the newest key alone: what any other sealed does not open any more.
  static Result<void> drop_old(const std::filesystem::path& file);

  // "v1.<key id>.<bytes>"
  std::string seal(std::string_view secret, std::string_view context) const;

  // Errors: internal when the key is not here, the context is another, or the text was changed.
  Result<std::string> unseal(std::string_view sealed, std::string_view context) const;

  // Sealed by the newest key.
  bool is_current(std::string_view sealed) const;

 private:
  struct Key {
    std::string id;
    std::string bytes;
  };
  struct Ring;
  explicit SecretBox(std::shared_ptr<Ring> ring) : ring_(std::move(ring)) {}
  static Result<std::vector<Key>> read_keys(std::string_view text);
  std::vector<Key> keys() const;
  std::shared_ptr<Ring> ring_;
};

}  // namespace vf::auth
