#include "app/work_secret.h"

#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>
#include <openssl/rand.h>

#include "base/fd.h"

namespace vf::app {
namespace {

constexpr std::size_t kSecretBytes = 32;

// Of two processes that begin at once the first to finish wins, and both use its secret. A process
// that is killed here leaves nothing: until it is linked, the file has no name.
Result<std::string> write_secret_once(const std::filesystem::path& path, const std::string& secret) {
  const auto what = fmt::format("write '{}'", path.string());
  const UniqueFd fd(::open(path.parent_path().c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (!fd) {
    // A file system without nameless files.
    VF_CHECK(write_file_atomically(path, secret));
    return secret;
  }
  VF_CHECK(write_all(fd.get(), secret));
  if (::fsync(fd.get()) != 0) return std::unexpected(system_error(errno, what));
  const auto link = fmt::format("/proc/self/fd/{}", fd.get());
  for (int attempt = 0; attempt < 2; ++attempt) {
    if (::linkat(AT_FDCWD, link.c_str(), AT_FDCWD, path.c_str(), AT_SYMLINK_FOLLOW) == 0) {
      VF_CHECK(sync_folder(path.parent_path()));
      return secret;
    }
    if (errno != EEXIST) return std::unexpected(system_error(errno, what));
    auto first = VF_TRY(read_whole(path, 1024));
    if (first.size() == kSecretBytes) return first;
    std::error_code ignored;
    std::filesystem::remove(path, ignored);  // cut short: of no use to anybody
  }
  return fail(ErrorCode::conflict, fmt::format("Cannot {}: another process changes it.", what));
}

}  // namespace

Result<std::string> work_secret(const std::filesystem::path& work) {
  const auto path = work / "secret";
  if (auto known = read_whole(path, 1024); known && known->size() == kSecretBytes) return known;
  std::string secret(kSecretBytes, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(secret.data()), static_cast<int>(secret.size())) != 1)
    return fail(ErrorCode::internal, "The system gives no random numbers.");
  return VF_TRY(write_secret_once(path, secret));
}

}  // namespace vf::app
