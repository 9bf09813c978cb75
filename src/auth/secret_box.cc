#include "auth/secret_box.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <mutex>
#include <sstream>

#include <fmt/format.h>
#include <sodium.h>

#include "auth/crypto.h"
#include "base/fd.h"

namespace vf::auth {
namespace {

constexpr std::int64_t kMostFileBytes = 64 * 1024;
constexpr std::string_view kVersion = "v1.";

std::string new_line() { return fmt::format("{} {}\n", random_name(6), random_token(crypto_secretbox_KEYBYTES)); }

// A key of its own for each context: a sealed text that is moved elsewhere does not open there.
std::string key_for(const std::string& key, std::string_view context) {
  return hmac_sha256(key, fmt::format("secret box {}", context));
}

Result<void> refuse_shared_file(const std::filesystem::path& file) {
  struct stat status{};
  if (::stat(file.c_str(), &status) != 0)
    return std::unexpected(system_error(errno, fmt::format("read the key file '{}'", file.string())));
  if (status.st_mode & (S_IRWXG | S_IRWXO))
    return fail(ErrorCode::invalid_argument,
                fmt::format("Others may read the key file '{}'. Make it yours alone: chmod 600.", file.string()));
  return {};
}

// Written aside with rights for the owner alone, then named. Without `replace` the first one to name it wins:
// two servers that start at once use one key.
Result<void> write_private(const std::filesystem::path& file, std::string_view text, bool replace) {
  const auto aside = fmt::format("{}.{}", file.string(), random_name(8));
  const auto problem = [&](std::string_view what) {
    const auto error = system_error(errno, fmt::format("{} the key file '{}'", what, file.string()));
    ::unlink(aside.c_str());
    return std::unexpected(error);
  };
  const UniqueFd fd(::open(aside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (!fd) return problem("create");
  VF_CHECK(write_all(fd.get(), text));
  if (::fsync(fd.get()) != 0) return problem("write");
  if (replace) {
    if (::rename(aside.c_str(), file.c_str()) != 0) return problem("name");
  } else {
    if (::link(aside.c_str(), file.c_str()) != 0 && errno != EEXIST) return problem("name");
    ::unlink(aside.c_str());
  }
  // Before anything is sealed with it.
  return sync_folder(file.has_parent_path() ? file.parent_path() : ".");
}

std::optional<std::string> from_hex(std::string_view text) {
  std::string bytes(text.size() / 2, '\0');
  std::size_t size = 0;
  const char* end = nullptr;
  if (sodium_hex2bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), text.data(), text.size(), nullptr,
                     &size, &end) != 0 ||
      end != text.data() + text.size())
    return std::nullopt;
  return bytes;
}

std::string_view key_id(std::string_view sealed) {
  if (!sealed.starts_with(kVersion)) return {};
  sealed.remove_prefix(kVersion.size());
  return sealed.substr(0, sealed.find('.'));
}

}  // namespace

// The keys, as they were read last, and what the file looked like then.
struct SecretBox::Ring {
  std::filesystem::path file;  // empty: they never change
  std::mutex mutex;
  std::vector<Key> keys;
  struct stat seen{};
};

Result<std::vector<SecretBox::Key>> SecretBox::read_keys(std::string_view text) {
  std::string split(text);
  std::ranges::replace(split, ',', '\n');
  std::vector<Key> keys;
  std::istringstream lines(split);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string id, key;
    if (!(words >> id) || id.starts_with('#')) continue;
    const bool alone = !(words >> key);
    const auto bytes = alone ? from_hex(id) : from_base64url(key);
    if (alone && bytes) id = base64url(sha256(*bytes)).substr(0, 8);
    if (!bytes || bytes->size() != crypto_secretbox_KEYBYTES || id.find('.') != std::string::npos)
      return fail(
          ErrorCode::invalid_argument,
          "The key is damaged: each line is a name and 32 bytes as base64url, or 64 hexadecimal digits. Restore it "
          "from your backup; what it sealed cannot be read without it.");
    keys.push_back({id, *bytes});
  }
  if (keys.empty()) return fail(ErrorCode::invalid_argument, "The key file holds no key.");
  return keys;
}

Result<SecretBox> SecretBox::from_text(std::string_view text) {
  const auto ring = std::make_shared<Ring>();
  ring->keys = VF_TRY(read_keys(text));
  return SecretBox(ring);
}

Result<SecretBox> SecretBox::open(const std::filesystem::path& file) {
  if (!std::filesystem::exists(file)) VF_CHECK(write_private(file, new_line(), false));
  VF_CHECK(refuse_shared_file(file));
  const auto ring = std::make_shared<Ring>();
  ring->file = file;
  ::stat(file.c_str(), &ring->seen);
  ring->keys = VF_TRY(read_keys(VF_TRY(read_whole(file, kMostFileBytes))));
  return SecretBox(ring);
}

// A file that cannot be read for a moment changes nothing.
std::vector<SecretBox::Key> SecretBox::keys() const {
  const std::scoped_lock lock(ring_->mutex);
  struct stat now{};
  if (ring_->file.empty() || ::stat(ring_->file.c_str(), &now) != 0) return ring_->keys;
  const auto& seen = ring_->seen;
  if (now.st_ino == seen.st_ino && now.st_mtim.tv_sec == seen.st_mtim.tv_sec &&
      now.st_mtim.tv_nsec == seen.st_mtim.tv_nsec)
    return ring_->keys;
  const auto text = read_whole(ring_->file, kMostFileBytes);
  if (!text) return ring_->keys;
  if (auto read = read_keys(*text)) {
    ring_->keys = std::move(*read);
    ring_->seen = now;
  }
  return ring_->keys;
}

Result<void> SecretBox::rotate(const std::filesystem::path& file) {
  VF_TRY(open(file));
  const auto old = VF_TRY(read_whole(file, kMostFileBytes));
  return write_private(file, new_line() + old, true);
}

Result<void> SecretBox::drop_old(const std::filesystem::path& file) {
  VF_TRY(open(file));
  std::istringstream lines(VF_TRY(read_whole(file, kMostFileBytes)));
  std::string line;
  while (std::getline(lines, line) && (line.empty() || line.starts_with('#'))) {
  }
  return write_private(file, line + "\n", true);
}

std::string SecretBox::seal(std::string_view secret, std::string_view context) const {
  const auto key = keys().front();
  auto bytes = random_bytes(crypto_secretbox_NONCEBYTES);
  std::string box(secret.size() + crypto_secretbox_MACBYTES, '\0');
  crypto_secretbox_easy(reinterpret_cast<unsigned char*>(box.data()),
                        reinterpret_cast<const unsigned char*>(secret.data()), secret.size(),
                        reinterpret_cast<const unsigned char*>(bytes.data()),
                        reinterpret_cast<const unsigned char*>(key_for(key.bytes, context).data()));
  return fmt::format("{}{}.{}", kVersion, key.id, base64url(bytes + box));
}

Result<std::string> SecretBox::unseal(std::string_view sealed, std::string_view context) const {
  const auto wrong = [&](std::string_view why) {
    return fail(ErrorCode::internal, "A stored secret cannot be opened; is this the key file it was sealed with?",
                fmt::format("{}: {}", context, why));
  };
  const auto id = key_id(sealed);
  for (const auto& key : keys()) {
    if (key.id != id) continue;
    const auto bytes = from_base64url(sealed.substr(kVersion.size() + id.size() + 1));
    if (!bytes || bytes->size() < crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES) return wrong("cut off");
    const auto* nonce = reinterpret_cast<const unsigned char*>(bytes->data());
    const auto size = bytes->size() - crypto_secretbox_NONCEBYTES;
    std::string secret(size - crypto_secretbox_MACBYTES, '\0');
    if (crypto_secretbox_open_easy(reinterpret_cast<unsigned char*>(secret.data()), nonce + crypto_secretbox_NONCEBYTES,
                                   size, nonce,
                                   reinterpret_cast<const unsigned char*>(key_for(key.bytes, context).data())) != 0)
      return wrong("changed, or of another context");
    return secret;
  }
  return wrong(fmt::format("no key '{}'", id));
}

bool SecretBox::is_current(std::string_view sealed) const { return key_id(sealed) == keys().front().id; }

}  // namespace vf::auth
