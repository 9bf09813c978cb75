// AES-128-CBC over OpenSSL. Internal to media/package.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <openssl/evp.h>

#include "base/error.h"
#include "media/package/base64.h"
#include "media/package/parse.h"

namespace vf::media {

inline constexpr std::size_t kCipherBlock = 16;

struct CipherFree {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};

// AES-128-CBC with one key.
class Cipher {
 public:
  static Result<Cipher> create(const std::string& key) {
    Cipher out;
    out.key_ = VF_TRY(hex_decode(key));
    if (out.key_.size() != kCipherBlock) return fail(ErrorCode::invalid_argument, "A key is 32 hexadecimal digits.");
    out.context_.reset(EVP_CIPHER_CTX_new());
    if (!out.context_) return fail(ErrorCode::no_memory, "Memory is short.");
    return out;
  }

  bool start(std::string_view iv, bool padding) {
    const auto bytes = [](std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); };
    return iv.size() == kCipherBlock &&
           EVP_EncryptInit_ex(context_.get(), EVP_aes_128_cbc(), nullptr, bytes(key_), bytes(iv)) == 1 &&
           EVP_CIPHER_CTX_set_padding(context_.get(), padding ? 1 : 0) == 1;
  }

  // In place; whole blocks go out as they came in.
  bool update(std::span<std::uint8_t> bytes) {
    int written = 0;
    return EVP_EncryptUpdate(context_.get(), bytes.data(), &written, bytes.data(), static_cast<int>(bytes.size())) == 1;
  }

  // Appends the ciphertext of `bytes` and its padding.
  bool whole(ByteView bytes, std::vector<std::uint8_t>& out) {
    out.resize(bytes.size() + kCipherBlock);
    int written = 0;
    int last = 0;
    if (EVP_EncryptUpdate(context_.get(), out.data(), &written, bytes.data(), static_cast<int>(bytes.size())) != 1)
      return false;
    if (EVP_EncryptFinal_ex(context_.get(), out.data() + written, &last) != 1) return false;
    out.resize(static_cast<std::size_t>(written + last));
    return true;
  }

 private:
  std::string key_;
  std::unique_ptr<EVP_CIPHER_CTX, CipherFree> context_;
};

inline std::unexpected<Error> cipher_failed() { return fail(ErrorCode::internal, "The cipher failed."); }

}  // namespace vf::media
