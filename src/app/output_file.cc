#include "app/output_file.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "app/job.h"

namespace vf::app {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kCopyStep = 16 << 20;  // between two looks at the stop token

fs::path folder_of(const fs::path& path) {
  const auto folder = path.parent_path();
  return folder.empty() ? fs::path(".") : folder;
}

// One name for all runs to this file: what a killed one left is overwritten by the next.
fs::path partial(const fs::path& path) {
  return folder_of(path) / fmt::format(".{}.partial", path.filename().string());
}

Error taken(const fs::path& path) {
  return {ErrorCode::invalid_argument,
          fmt::format("'{}' exists. Name another file with -o, or add --force to replace it.", path.string()),
          {}};
}

Result<void> name_finished(const fs::path& from, const fs::path& to, bool replace) {
  const int code = replace ? ::rename(from.c_str(), to.c_str())
                           : ::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE);
  if (code == 0) return {};
  if (errno == EEXIST) return std::unexpected(taken(to));
  // A file system that cannot rename without replacing.
  if (!replace && errno == EINVAL && !fs::exists(to)) return name_finished(from, to, true);
  return std::unexpected(system_error(errno, fmt::format("name '{}'", to.string())));
}

Result<void> write_aside(const fs::path& aside, const PublishedFile& file, blob::BlobStore& blobs,
                         const std::stop_token& stop) {
  const auto what = fmt::format("write '{}'", aside.string());
  const UniqueFd fd(::open(aside.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666));
  if (!fd) return std::unexpected(system_error(errno, what));
  // Two runs with one output would write into one another's file.
  if (!try_lock(fd.get(), true))
    return fail(ErrorCode::conflict, "Another run is writing the same output. Wait for it, or name another with -o.");
  if (::ftruncate(fd.get(), 0) != 0) return std::unexpected(system_error(errno, what));
  VF_CHECK(write_pieces(fd.get(), file, blobs, stop));
  if (::fsync(fd.get()) != 0) return std::unexpected(system_error(errno, what));
  return {};
}

}  // namespace

Result<void> write_pieces(int fd, const PublishedFile& file, blob::BlobStore& blobs, const std::stop_token& stop) {
  for (const auto& piece : file.pieces) {
    const auto blob = VF_TRY(blobs.open(piece));
    for (std::int64_t at = 0; at < piece.size; at += kCopyStep) {
      if (stop.stop_requested()) return std::unexpected(interrupted());
      VF_CHECK(copy_range(blob.get(), at, std::min(kCopyStep, piece.size - at), fd));
    }
  }
  if (file.slice) {
    const auto blob = VF_TRY(blobs.open(file.slice->blob));
    VF_CHECK(copy_range(blob.get(), file.slice->offset, file.slice->size, fd));
  }
  return write_all(fd, file.text);
}

Result<void> check_output_file(const fs::path& path, bool replace, const std::vector<fs::path>& inputs) {
  std::error_code ec;
  if (path.filename().empty() || fs::is_directory(path, ec))
    return fail(ErrorCode::invalid_argument, fmt::format("'{}' is a folder; name a file with -o.", path.string()));
  const auto folder = folder_of(path);
  if (!fs::is_directory(folder, ec))
    return fail(ErrorCode::invalid_argument,
                fmt::format("There is no folder '{}'. Make it, or name another with -o.", folder.string()));
  if (::access(folder.c_str(), W_OK | X_OK) != 0)
    return fail(ErrorCode::invalid_argument,
                fmt::format("The folder '{}' cannot be written to: {}. Name another with -o.", folder.string(),
                            std::strerror(errno)));
  for (const auto& input : inputs)
    if (fs::equivalent(path, input, ec))
      return fail(ErrorCode::invalid_argument,
                  fmt::format("'{}' is the input itself; name another file with -o.", path.string()));
  if (!replace && fs::exists(fs::symlink_status(path, ec))) return std::unexpected(taken(path));
  return {};
}

Result<void> publish_file(const fs::path& path, const PublishedFile& file, bool replace, blob::BlobStore& blobs,
                          const std::stop_token& stop) {
  const auto aside = partial(path);
  if (auto written = write_aside(aside, file, blobs, stop); !written) {
    std::error_code ignored;
    if (written.error().code != ErrorCode::conflict) fs::remove(aside, ignored);
    if (written.error().code == ErrorCode::no_space)
      return fail(ErrorCode::no_space,
                  fmt::format("There is not enough space for '{}'. Free some and run it again; nothing is done twice.",
                              path.string()),
                  written.error().message);
    return written;
  }
  VF_CHECK(name_finished(aside, path, replace));
  return sync_folder(folder_of(path));
}

}  // namespace vf::app
