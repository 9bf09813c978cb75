#include "app/publish.h"

#include <algorithm>
#include <cerrno>
#include <set>

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace vf::app {
namespace {

namespace fs = std::filesystem;

// Lists what we wrote into a folder, so that a later run knows what is ours.
constexpr const char* kMarker = ".videoforge";

struct Marker {
  std::vector<std::string> files;
};
BOOST_DESCRIBE_STRUCT(Marker, (), (files))

fs::path partial(const fs::path& path) { return path.string() + ".partial"; }

std::vector<std::string> earlier_files(const fs::path& folder) {
  const auto text = read_whole(folder / kMarker, 16 << 20);
  if (!text) return {};
  auto marker = from_json_text<Marker>(*text);
  return marker ? std::move(marker->files) : std::vector<std::string>{};
}

Result<void> reserve(const fs::path& folder, const std::vector<PublishedFile>& files) {
  struct statvfs st{};
  if (::statvfs(folder.c_str(), &st) != 0)
    return std::unexpected(system_error(errno, fmt::format("use '{}'", folder.string())));
  std::int64_t needed = 0;
  for (const auto& file : files) {
    needed += static_cast<std::int64_t>(file.text.size());
    for (const auto& piece : file.pieces) needed += piece.size;
  }
  const auto free = static_cast<std::int64_t>(st.f_bavail) * static_cast<std::int64_t>(st.f_frsize);
  if (free > needed) return {};
  return fail(ErrorCode::no_space, fmt::format("'{}' has {} MiB free and the result needs {} MiB. Free some space and "
                                               "run it again; nothing is encoded twice.",
                                               folder.string(), free >> 20, (needed >> 20) + 1));
}

Result<void> write_partial(const fs::path& path, const PublishedFile& file, blob::BlobStore& blobs) {
  std::error_code ignored;
  fs::remove(partial(path), ignored);
  const auto fd = VF_TRY(create_new(partial(path)));
  for (const auto& piece : file.pieces) {
    const auto blob = VF_TRY(blobs.open(piece));
    VF_CHECK(copy_range(blob.get(), 0, piece.size, fd.get()));
  }
  VF_CHECK(write_all(fd.get(), file.text));
  if (::fsync(fd.get()) != 0) return std::unexpected(system_error(errno, fmt::format("write '{}'", path.string())));
  return {};
}

Result<void> write_all_partial(const fs::path& folder, const std::vector<PublishedFile>& files,
                               blob::BlobStore& blobs) {
  for (const auto& file : files) {
    auto written = write_partial(folder / file.name, file, blobs);
    if (written) continue;
    // Half a set is of no use to anybody: give the space back.
    std::error_code ignored;
    for (const auto& other : files) fs::remove(partial(folder / other.name), ignored);
    return written;
  }
  return {};
}

}  // namespace

Result<void> check_output_folder(const fs::path& folder) {
  std::error_code ec;
  if (!fs::exists(folder, ec)) return {};
  if (!fs::is_directory(folder, ec))
    return fail(ErrorCode::invalid_argument, fmt::format("'{}' is a file; name a folder with -o.", folder.string()));
  if (fs::is_empty(folder, ec) || fs::exists(folder / kMarker, ec)) return {};
  return fail(
      ErrorCode::invalid_argument,
      fmt::format(
          "The folder '{}' holds something that VideoForge did not write. Name an empty or a new folder with -o.",
          folder.string()));
}

Result<void> publish(const fs::path& folder, const std::vector<PublishedFile>& files, blob::BlobStore& blobs) {
  std::error_code ec;
  fs::create_directories(folder, ec);
  if (ec) return std::unexpected(system_error(ec.value(), fmt::format("create the folder '{}'", folder.string())));
  VF_CHECK(reserve(folder, files));

  // The marker comes first: what follows is ours even if we are killed in the middle.
  const auto earlier = earlier_files(folder);
  std::set<std::string> names(earlier.begin(), earlier.end());
  std::set<std::string> current;
  for (const auto& file : files) current.insert(file.name);
  names.insert(current.begin(), current.end());
  VF_CHECK(write_file_atomically(folder / kMarker, dump(to_json(Marker{{names.begin(), names.end()}}))));

  VF_CHECK(write_all_partial(folder, files, blobs));
  for (const auto& file : files)
    if (::rename(partial(folder / file.name).c_str(), (folder / file.name).c_str()) != 0)
      return std::unexpected(system_error(errno, fmt::format("name '{}'", (folder / file.name).string())));
  for (const auto& name : earlier)
    if (!current.contains(name) && fs::path(name).filename() == name) fs::remove(folder / name, ec);
  return write_file_atomically(folder / kMarker, dump(to_json(Marker{{current.begin(), current.end()}})));
}

}  // namespace vf::app
