#include "base/fd.h"

#include <cerrno>
#include <vector>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <fmt/format.h>

namespace vf {
namespace fs = std::filesystem;

void UniqueFd::reset() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

Result<UniqueFd> open_for_read(const fs::path& path) {
  // O_NONBLOCK: a pipe that nobody writes to must be refused, not waited for; files do not mind.
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (fd) return fd;
  if (errno == ENOENT) return fail(ErrorCode::not_found, fmt::format("There is no file '{}'.", path.string()));
  if (errno == EACCES)
    return fail(ErrorCode::invalid_argument, fmt::format("The file '{}' may not be read by this user.", path.string()));
  return std::unexpected(system_error(errno, fmt::format("open '{}'", path.string())));
}

Result<UniqueFd> create_new(const fs::path& path) {
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  if (fd) return fd;
  return std::unexpected(system_error(errno, fmt::format("create '{}'", path.string())));
}

Result<std::int64_t> file_size(int fd) {
  // The plain call: glibc's fstat() asks by path with an empty one, and the sandbox denies paths.
  struct stat st{};
  if (::syscall(SYS_fstat, fd, &st) != 0) return std::unexpected(system_error(errno, "read the size of a file"));
  return st.st_size;
}

Result<void> write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0) {
      if (errno == EINTR) continue;
      return std::unexpected(system_error(errno, "write the output"));
    }
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

Result<void> write_all(int fd, std::span<const std::uint8_t> bytes) {
  return write_all(fd, std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

Result<std::size_t> read_at(int fd, std::span<std::uint8_t> bytes, std::int64_t offset) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const auto n = ::pread(fd, bytes.data() + done, bytes.size() - done, offset + static_cast<std::int64_t>(done));
    if (n < 0) {
      if (errno == EINTR) continue;
      return std::unexpected(system_error(errno, "read the input"));
    }
    if (n == 0) break;
    done += static_cast<std::size_t>(n);
  }
  return done;
}

Result<std::string> read_whole(int fd, std::int64_t limit) {
  const auto size = VF_TRY(file_size(fd));
  if (size > limit)
    return fail(ErrorCode::limit_exceeded,
                fmt::format("A file of {} bytes is larger than the limit of {} bytes.", size, limit));
  std::string out(static_cast<std::size_t>(size), '\0');
  const auto n = VF_TRY(read_at(fd, {reinterpret_cast<std::uint8_t*>(out.data()), out.size()}, 0));
  out.resize(n);
  return out;
}

Result<std::string> read_whole(const fs::path& path, std::int64_t limit) {
  const auto fd = VF_TRY(open_for_read(path));
  return read_whole(fd.get(), limit);
}

Result<void> copy_range(int from, std::int64_t offset, std::int64_t length, int to) {
  off_t position = offset;
  while (length > 0) {
    const auto n = ::sendfile(to, from, &position, static_cast<std::size_t>(length));
    if (n < 0) {
      if (errno == EINTR) continue;
      return std::unexpected(system_error(errno, "write the output"));
    }
    if (n == 0) return fail(ErrorCode::internal, "A file ended before its expected length.");
    length -= n;
  }
  return {};
}

bool try_lock(int fd, bool exclusive) {
  while (::flock(fd, (exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB) != 0)
    if (errno != EINTR) return errno != EWOULDBLOCK;
  return true;
}

Result<UniqueFd> open_folder(const fs::path& path) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd) return fd;
  return std::unexpected(system_error(errno, fmt::format("open the folder '{}'", path.string())));
}

Result<void> sync_folder(const fs::path& path) {
  const auto fd = VF_TRY(open_folder(path));
  // Some file systems keep names safe by themselves and refuse this.
  if (::fsync(fd.get()) != 0 && errno != EINVAL)
    return std::unexpected(system_error(errno, fmt::format("write the folder '{}'", path.string())));
  return {};
}

Result<void> make_folder(const fs::path& path) {
  std::error_code ec;
  std::vector<fs::path> holders;  // of the folders that are made here
  for (auto at = path; !at.empty() && !fs::exists(at, ec); at = at.parent_path())
    holders.push_back(at.has_parent_path() ? at.parent_path() : fs::path("."));
  fs::create_directories(path, ec);
  if (ec) return std::unexpected(system_error(ec.value(), fmt::format("create the folder '{}'", path.string())));
  // What may be written to and not read cannot be synced.
  for (const auto& holder : holders)
    if (::access(holder.c_str(), R_OK) == 0) VF_CHECK(sync_folder(holder));
  return {};
}

Result<void> write_file_atomically(const fs::path& path, std::string_view bytes) {
  const fs::path aside = path.string() + fmt::format(".{}.partial", ::getpid());
  std::error_code ignored;
  fs::remove(aside, ignored);
  auto written = [&]() -> Result<void> {
    const auto fd = VF_TRY(create_new(aside));
    VF_CHECK(write_all(fd.get(), bytes));
    if (::fsync(fd.get()) != 0) return std::unexpected(system_error(errno, fmt::format("write '{}'", path.string())));
    if (::rename(aside.c_str(), path.c_str()) != 0)
      return std::unexpected(system_error(errno, fmt::format("name '{}'", path.string())));
    return {};
  }();
  if (!written) fs::remove(aside, ignored);
  return written;
}

}  // namespace vf
