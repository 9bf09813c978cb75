#include "base/sha256.h"

#include <array>
#include <vector>

#include <fmt/format.h>
#include <openssl/evp.h>

#include "base/fd.h"

namespace vf {

struct Sha256::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  ~State() { EVP_MD_CTX_free(context); }
};

Sha256::Sha256() : state_(std::make_unique<State>()) { EVP_DigestInit_ex(state_->context, EVP_sha256(), nullptr); }
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::update(std::span<const std::uint8_t> bytes) {
  EVP_DigestUpdate(state_->context, bytes.data(), bytes.size());
}
void Sha256::update(std::string_view text) { EVP_DigestUpdate(state_->context, text.data(), text.size()); }

Sha256 Sha256::copy() const {
  Sha256 out;
  EVP_MD_CTX_copy_ex(out.state_->context, state_->context);
  return out;
}

std::string Sha256::finish() {
  std::array<unsigned char, 32> digest{};
  unsigned length = 0;
  EVP_DigestFinal_ex(state_->context, digest.data(), &length);
  std::string hex;
  hex.reserve(64);
  for (const auto byte : digest) fmt::format_to(std::back_inserter(hex), "{:02x}", byte);
  return hex;
}

std::string sha256_hex(std::string_view bytes) {
  Sha256 hash;
  hash.update(bytes);
  return hash.finish();
}

Result<std::string> sha256_file(int fd, const std::function<bool(std::int64_t)>& progress) {
  Sha256 hash;
  std::vector<std::uint8_t> buffer(1 << 20);
  std::int64_t offset = 0;
  for (;;) {
    const auto n = VF_TRY(read_at(fd, buffer, offset));
    if (n == 0) return hash.finish();
    hash.update(std::span(buffer).first(n));
    offset += static_cast<std::int64_t>(n);
    if (progress && !progress(offset)) return fail(ErrorCode::cancelled, "Interrupted.");
  }
}

}  // namespace vf
