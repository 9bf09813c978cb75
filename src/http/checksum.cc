#include "http/checksum.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <openssl/evp.h>

#include "http/message/fields.h"

namespace vf::http {
namespace {

struct Algorithm {
  std::string_view name;
  std::size_t bytes;
  const EVP_MD* (*digest)();
};

constexpr std::array kAlgorithms{
    Algorithm{"sha1", 20, EVP_sha1},
    Algorithm{"sha256", 32, EVP_sha256},
    Algorithm{"md5", 16, EVP_md5},
};

std::optional<std::string> from_hex(std::string_view text) {
  const auto digit = [](char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; };
  std::string out;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    const int high = digit(text[i]), low = digit(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high << 4 | low);
  }
  return out;
}

// A field with one value, in base64 or, for SHA-256, in hexadecimal.
std::optional<Checksum> plain_checksum(std::string_view algorithm, std::string_view text) {
  const auto raw = text.size() == 64 ? from_hex(lower(text)) : from_base64(text);
  return raw ? Checksum::create(algorithm, *raw) : std::nullopt;
}

// "sha-256=:base64:, sha-512=:base64:"
std::expected<void, std::string> read_digests(std::string_view name, std::string_view field,
                                              std::vector<Checksum>& out) {
  for (const auto member : split_list(field)) {
    const auto equals = member.find('=');
    const auto algorithm = lower(trim(member.substr(0, equals)));
    if (algorithm != "sha-256") continue;
    const auto value = equals == std::string_view::npos ? std::string_view() : trim(member.substr(equals + 1));
    const bool framed = value.size() > 2 && value.front() == ':' && value.back() == ':';
    auto checksum = framed ? plain_checksum("sha256", value.substr(1, value.size() - 2)) : std::nullopt;
    if (!checksum) return std::unexpected(fmt::format("{} is written as sha-256=:BASE64:.", name));
    out.push_back(std::move(*checksum));
  }
  return {};
}

}  // namespace

struct Checksum::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  ~State() { EVP_MD_CTX_free(context); }
};

Checksum::Checksum(std::string algorithm, std::string expected, std::unique_ptr<State> state)
    : algorithm_(std::move(algorithm)), expected_(std::move(expected)), state_(std::move(state)) {}
Checksum::Checksum(Checksum&&) noexcept = default;
Checksum::~Checksum() = default;

std::optional<Checksum> Checksum::create(std::string_view algorithm, std::string expected) {
  const auto* row = std::ranges::find(kAlgorithms, algorithm, &Algorithm::name);
  if (row == kAlgorithms.end() || expected.size() != row->bytes) return std::nullopt;
  auto state = std::make_unique<State>();
  EVP_DigestInit_ex(state->context, row->digest(), nullptr);
  return Checksum(std::string(algorithm), std::move(expected), std::move(state));
}

void Checksum::update(std::span<const std::uint8_t> bytes) {
  EVP_DigestUpdate(state_->context, bytes.data(), bytes.size());
}

bool Checksum::matches() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  EVP_DigestFinal_ex(state_->context, digest.data(), &length);
  return std::string_view(reinterpret_cast<const char*>(digest.data()), length) == expected_;
}

std::optional<std::string> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  const auto padding = text.size() - std::min(text.find('='), text.size());
  const auto body = text.substr(0, text.size() - padding);
  constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  if (padding > 2 || text.substr(body.size()) != std::string(padding, '=') ||
      body.find_first_not_of(kLetters) != std::string_view::npos)
    return std::nullopt;
  std::string out(text.size() / 4 * 3, '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  if (size < 0) return std::nullopt;
  out.resize(static_cast<std::size_t>(size) - padding);
  return out;
}

std::expected<std::vector<Checksum>, std::string> checksums_of(const Request& request) {
  std::vector<Checksum> out;
  struct Plain {
    std::string_view field, algorithm, form;
  };
  constexpr std::array kPlain{
      Plain{"x-checksum-sha256", "sha256", "the SHA-256 of the body in hexadecimal or base64"},
      Plain{"Content-MD5", "md5", "the MD5 of the body in base64"},
  };
  for (const auto& [field, algorithm, form] : kPlain) {
    const auto* text = request.headers.find(field);
    if (!text) continue;
    auto checksum = plain_checksum(algorithm, *text);
    if (!checksum) return std::unexpected(fmt::format("{} is {}.", field, form));
    out.push_back(std::move(*checksum));
  }
  for (const std::string_view field : {"Repr-Digest", "Content-Digest"}) {
    const auto* text = request.headers.find(field);
    if (!text) continue;
    if (auto read = read_digests(field, *text, out); !read) return std::unexpected(std::move(read).error());
  }
  return out;
}

}  // namespace vf::http
