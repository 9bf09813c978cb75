#include "blob/fs/fs_blob_store.h"

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <ctime>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/sha256.h"

namespace vf::blob {
namespace {

namespace fs = std::filesystem;

constexpr int kStageAttempts = 100;

class FsStaged final : public Staged {
 public:
  FsStaged(UniqueFd fd, fs::path path) : fd_(std::move(fd)), path_(std::move(path)) {}
  ~FsStaged() override {
    std::error_code ignored;
    if (!path_.empty()) fs::remove(path_, ignored);
  }
  int fd() const override { return fd_.get(); }
  const fs::path& path() const { return path_; }
  void renamed() { path_.clear(); }

 private:
  UniqueFd fd_;
  fs::path path_;
};

// What is being written is locked by its writer; a file that nobody locks is rubbish of a process that
// ended. Locks, unlike process ids, mean the same in every container that shares the folder.
void clear_leftovers(const fs::path& tmp) {
  std::error_code ec;
  for (auto at = fs::directory_iterator(tmp, ec); !ec && at != fs::directory_iterator(); at.increment(ec)) {
    const UniqueFd fd(::open(at->path().c_str(), O_RDONLY | O_CLOEXEC));
    std::error_code ignored;
    if (fd && try_lock(fd.get(), true)) fs::remove(at->path(), ignored);
  }
}

class FsBlobStore final : public BlobStore {
 public:
  explicit FsBlobStore(fs::path root) : root_(std::move(root)) { clear_leftovers(root_ / "tmp"); }

  Result<std::unique_ptr<Staged>> stage() override {
    for (int attempt = 0; attempt < kStageAttempts; ++attempt) {
      const auto path = root_ / "tmp" / fmt::format("{}-{}-{}", ::getpid(), born_, counter_.fetch_add(1));
      auto staged = std::make_unique<FsStaged>(VF_TRY(create_new(path)), path);
      struct stat st{};
      // Somebody who was clearing may have come between the two calls: then it has no name any more.
      if (try_lock(staged->fd(), true) && ::fstat(staged->fd(), &st) == 0 && st.st_nlink > 0) return staged;
    }
    return fail(ErrorCode::unavailable,
                fmt::format("Files in the work folder '{}' vanish while they are written.", root_.string()));
  }

  Result<jobs::BlobRef> commit(std::unique_ptr<Staged> staged) override {
    auto& file = static_cast<FsStaged&>(*staged);
    jobs::BlobRef blob{VF_TRY(sha256_file(file.fd())), VF_TRY(file_size(file.fd()))};
    if (VF_TRY(kept_already(blob))) return blob;
    if (::fsync(file.fd()) != 0) return std::unexpected(system_error(errno, writing()));
    const auto target = VF_TRY(place_for(blob));
    if (::rename(file.path().c_str(), target.c_str()) != 0) return std::unexpected(system_error(errno, writing()));
    file.renamed();
    VF_CHECK(sync_folder(target.parent_path()));
    return blob;
  }

  Result<jobs::BlobRef> adopt(const fs::path& file, const std::string& sha256) override {
    const auto fd = VF_TRY(open_for_read(file));
    const auto size = VF_TRY(file_size(fd.get()));
    jobs::BlobRef blob{sha256.empty() ? VF_TRY(sha256_file(fd.get())) : sha256, size};
    if (VF_TRY(kept_already(blob))) return blob;
    const auto target = VF_TRY(place_for(blob));
    // Young from the first moment on, however long ago its last byte came.
    ::utimensat(AT_FDCWD, file.c_str(), nullptr, 0);
    // EEXIST: somebody gave us the same bytes in this moment.
    if (::link(file.c_str(), target.c_str()) == 0 || errno == EEXIST) {
      VF_CHECK(sync_folder(target.parent_path()));
      return blob;
    }
    // Another file system, or one without links.
    if (errno != EXDEV && errno != EPERM && errno != EMLINK && errno != EOPNOTSUPP)
      return std::unexpected(system_error(errno, writing()));
    auto staged = VF_TRY(stage());
    VF_CHECK(copy_range(fd.get(), 0, size, staged->fd()));
    return commit(std::move(staged));
  }

  Result<UniqueFd> open(const jobs::BlobRef& blob) override {
    auto fd = VF_TRY(open_for_read(path_of(blob.sha256)));
    if (VF_TRY(file_size(fd.get())) != blob.size)
      return fail(ErrorCode::not_found, "A checkpoint in the work folder is damaged.", path_of(blob.sha256).string());
    return fd;
  }

  Result<bool> intact(const jobs::BlobRef& blob) override {
    const auto path = path_of(blob.sha256);
    const auto fd = open_for_read(path);
    if (!fd && fd.error().code == ErrorCode::not_found) return false;
    if (!fd) return std::unexpected(fd.error());
    if (VF_TRY(file_size(fd->get())) == blob.size && VF_TRY(sha256_file(fd->get())) == blob.sha256) return true;
    VF_CHECK(remove(blob.sha256));
    return false;
  }

  Result<std::vector<BlobStat>> list() override {
    std::vector<BlobStat> out;
    std::error_code ec;
    const auto believed = wall_clock_ms() / 1000;
    const std::int64_t now = std::time(nullptr);
    // The plain steps of the iterator throw; a file that another process removes meanwhile is no fault.
    using Walk = fs::recursive_directory_iterator;
    for (auto at = Walk(root_ / "blobs", ec); !ec && at != Walk(); at.increment(ec)) {
      struct stat st{};
      if (::stat(at->path().c_str(), &st) != 0 || !S_ISREG(st.st_mode)) continue;
      // The file has its time from the machine's clock: where that jumped, the younger of both ages counts.
      const auto age = std::min(std::abs(believed - st.st_mtime), std::abs(now - st.st_mtime));
      out.push_back({at->path().filename().string(), st.st_size, age});
    }
    if (ec) return std::unexpected(system_error(ec.value(), fmt::format("list the work folder '{}'", root_.string())));
    return out;
  }

  Result<void> remove(const std::string& sha256) override {
    std::error_code ec;
    fs::remove(path_of(sha256), ec);
    if (ec) return std::unexpected(system_error(ec.value(), fmt::format("clear the work folder '{}'", root_.string())));
    return {};
  }

  Result<std::int64_t> free_bytes() override {
    struct statvfs st{};
    if (::statvfs(root_.c_str(), &st) != 0) return std::unexpected(system_error(errno, "ask for free space"));
    return static_cast<std::int64_t>(st.f_bavail) * static_cast<std::int64_t>(st.f_frsize);
  }

  std::string place() const override { return root_.string(); }

 private:
  std::string writing() const { return fmt::format("write to the work folder '{}'", root_.string()); }

  // Stored again: young again, so that no collection takes it from under its new reader. Its name may be another's
  // who did not come to sync it, so that is done for both.
  Result<bool> kept_already(const jobs::BlobRef& blob) {
    if (!VF_TRY(intact(blob))) return false;
    const auto target = VF_TRY(place_for(blob));
    ::utimensat(AT_FDCWD, target.c_str(), nullptr, 0);
    VF_CHECK(sync_folder(target.parent_path()));
    return true;
  }

  // The blob's path, in a folder that is there durably: whoever made it may have been killed before it was, so each
  // process sees to it once.
  Result<fs::path> place_for(const jobs::BlobRef& blob) {
    auto target = path_of(blob.sha256);
    auto& durable = durable_[static_cast<std::size_t>(std::stoi(blob.sha256.substr(0, 2), nullptr, 16))];
    if (durable) return target;
    VF_CHECK(make_folder(target.parent_path()));
    VF_CHECK(sync_folder(root_ / "blobs"));
    durable = true;
    return target;
  }

  fs::path path_of(const std::string& sha256) const { return root_ / "blobs" / sha256.substr(0, 2) / sha256; }

  fs::path root_;
  // Beside the process id, which another process may have had before or has in another container.
  std::int64_t born_ = std::chrono::steady_clock::now().time_since_epoch().count();
  std::atomic<int> counter_{0};
  std::array<std::atomic<bool>, 256> durable_{};  // folders of blobs, by the two digits that they are named
};

}  // namespace

Result<std::unique_ptr<BlobStore>> open_fs_blob_store(const fs::path& root) {
  VF_CHECK(make_folder(root / "blobs"));
  VF_CHECK(make_folder(root / "tmp"));
  return std::make_unique<FsBlobStore>(root);
}

}  // namespace vf::blob
