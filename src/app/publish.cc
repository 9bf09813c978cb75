#include "app/publish.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <set>
#include <thread>

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "app/job.h"

namespace vf::app {
namespace {

namespace fs = std::filesystem;

// Lists what we wrote into a folder, so that a later run knows what is ours.
constexpr std::string_view kMarker = ".videoforge";
constexpr std::string_view kPartial = ".partial";
constexpr auto kLockPause = std::chrono::milliseconds(50);

struct Marker {
  std::vector<std::string> files;
};
BOOST_DESCRIBE_STRUCT(Marker, (), (files))

fs::path partial(const fs::path& path) { return path.string() + std::string(kPartial); }

// The marker itself on its way, of a process that was killed.
bool is_marker_leftover(const fs::path& path) {
  const auto name = path.filename().string();
  return name.starts_with(kMarker) && name.ends_with(kPartial);
}

std::vector<std::string> earlier_files(const fs::path& folder) {
  const auto text = read_whole(folder / kMarker, 16 << 20);
  if (!text) return {};
  auto marker = from_json_text<Marker>(*text);
  return marker ? std::move(marker->files) : std::vector<std::string>{};
}

// `anyway`: what the disk said when it was full in spite of the figures.
Result<void> reserve(const fs::path& folder, const std::vector<PublishedFile>& files, std::string anyway = {}) {
  struct statvfs st{};
  if (::statvfs(folder.c_str(), &st) != 0)
    return std::unexpected(system_error(errno, fmt::format("use '{}'", folder.string())));
  std::int64_t needed = 0;
  for (const auto& file : files) {
    needed += static_cast<std::int64_t>(file.text.size());
    for (const auto& piece : file.pieces) needed += piece.size;
    if (file.slice) needed += file.slice->size;
  }
  const auto free = static_cast<std::int64_t>(st.f_bavail) * static_cast<std::int64_t>(st.f_frsize);
  if (free > needed && anyway.empty()) return {};
  return fail(ErrorCode::no_space,
              fmt::format("'{}' has {} MiB free and the result needs {} MiB. Free some space and run it again; nothing "
                          "is encoded twice.",
                          folder.string(), free >> 20, (needed >> 20) + 1),
              std::move(anyway));
}

// Two runs with one folder would take each other's half-written files for their own.
Result<UniqueFd> lock_output(const fs::path& folder, const std::stop_token& stop) {
  auto fd = VF_TRY(open_folder(folder));
  while (!try_lock(fd.get(), true)) {
    if (stop.stop_requested()) return std::unexpected(interrupted());
    std::this_thread::sleep_for(kLockPause);
  }
  return fd;
}

// What a killed run left on its way to a name that this one may not write.
void clear_partial(const fs::path& folder, const std::set<std::string>& names) {
  std::error_code ec;
  for (const auto& name : names)
    if (fs::path(name).filename() == name) fs::remove(partial(folder / name), ec);
  std::vector<fs::path> leftovers;
  for (auto at = fs::directory_iterator(folder, ec); !ec && at != fs::directory_iterator(); at.increment(ec))
    if (is_marker_leftover(at->path())) leftovers.push_back(at->path());
  for (const auto& path : leftovers) fs::remove(path, ec);
}

Result<void> write_partial(const fs::path& path, const PublishedFile& file, blob::BlobStore& blobs,
                           const std::stop_token& stop) {
  std::error_code ignored;
  fs::remove(partial(path), ignored);
  const auto fd = VF_TRY(create_new(partial(path)));
  VF_CHECK(write_pieces(fd.get(), file, blobs, stop));
  if (::fsync(fd.get()) != 0) return std::unexpected(system_error(errno, fmt::format("write '{}'", path.string())));
  return {};
}

Result<void> write_all_partial(const fs::path& folder, const std::vector<PublishedFile>& files, blob::BlobStore& blobs,
                               const std::stop_token& stop) {
  for (const auto& file : files) {
    auto written = write_partial(folder / file.name, file, blobs, stop);
    if (written) continue;
    // Half a set is of no use to anybody: give the space back.
    std::error_code ignored;
    for (const auto& other : files) fs::remove(partial(folder / other.name), ignored);
    if (written.error().code == ErrorCode::no_space) return reserve(folder, files, written.error().message);
    return written;
  }
  return {};
}

// The folder, or the nearest one above it that exists.
Result<void> check_writable(fs::path folder) {
  std::error_code ec;
  folder = fs::absolute(folder, ec);
  while (!fs::exists(folder, ec) && folder.has_relative_path()) folder = folder.parent_path();
  if (!fs::is_directory(folder, ec))
    return fail(ErrorCode::invalid_argument, fmt::format("'{}' is not a folder.", folder.string()));
  // Only trying tells: root may write anywhere, and some file systems take no folders.
  auto trial = (folder / ".videoforge-XXXXXX").string();
  if (::mkdtemp(trial.data())) {
    ::rmdir(trial.c_str());
    return {};
  }
  return fail(ErrorCode::invalid_argument,
              fmt::format("The folder '{}' cannot be written to: {}. Name another with -o.", folder.string(),
                          std::strerror(errno)));
}

// Nothing in it, or nothing but the first thing we write.
bool has_nothing_of_others(const fs::path& folder) {
  std::error_code ec;
  for (auto at = fs::directory_iterator(folder, ec); !ec && at != fs::directory_iterator(); at.increment(ec))
    if (!is_marker_leftover(at->path())) return false;
  return !ec;
}

}  // namespace

Result<void> check_output_folder(const fs::path& folder) {
  std::error_code ec;
  if (!fs::exists(folder, ec)) return check_writable(folder);
  if (!fs::is_directory(folder, ec))
    return fail(ErrorCode::invalid_argument, fmt::format("'{}' is a file; name a folder with -o.", folder.string()));
  if (fs::exists(folder / kMarker, ec) || has_nothing_of_others(folder)) return check_writable(folder);
  return fail(
      ErrorCode::invalid_argument,
      fmt::format(
          "The folder '{}' holds something that VideoForge did not write. Name an empty or a new folder with -o.",
          folder.string()));
}

Result<void> publish(const fs::path& folder, const std::vector<PublishedFile>& files, blob::BlobStore& blobs,
                     const std::stop_token& stop) {
  VF_CHECK(make_folder(folder));
  const auto lock = VF_TRY(lock_output(folder, stop));

  // The marker comes first: what follows is ours even if we are killed in the middle.
  const auto earlier = earlier_files(folder);
  std::set<std::string> names(earlier.begin(), earlier.end());
  std::set<std::string> current;
  for (const auto& file : files) current.insert(file.name);
  names.insert(current.begin(), current.end());
  clear_partial(folder, names);
  VF_CHECK(reserve(folder, files));
  VF_CHECK(write_file_atomically(folder / kMarker, dump(to_json(Marker{{names.begin(), names.end()}}))));

  VF_CHECK(write_all_partial(folder, files, blobs, stop));
  VF_CHECK(sync_folder(folder));
  for (const auto& file : files)
    if (::rename(partial(folder / file.name).c_str(), (folder / file.name).c_str()) != 0)
      return std::unexpected(system_error(errno, fmt::format("name '{}'", (folder / file.name).string())));
  VF_CHECK(sync_folder(folder));
  std::error_code ec;
  for (const auto& name : earlier)
    if (!current.contains(name) && fs::path(name).filename() == name) fs::remove(folder / name, ec);
  return write_file_atomically(folder / kMarker, dump(to_json(Marker{{current.begin(), current.end()}})));
}

}  // namespace vf::app
