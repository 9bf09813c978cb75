#include "blob/fs/fs_blob_store.h"

#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/sha256.h"

namespace vf::blob {
namespace {

namespace fs = std::filesystem;

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

Result<void> make_folder(const fs::path& path) {
  std::error_code ec;
  fs::create_directories(path, ec);
  if (ec) return std::unexpected(system_error(ec.value(), fmt::format("create the folder '{}'", path.string())));
  return {};
}

// A rename is durable once its folder is.
Result<void> sync_folder(const fs::path& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd || ::fsync(fd.get()) != 0)
    return std::unexpected(system_error(errno, fmt::format("write the folder '{}'", path.string())));
  return {};
}

// Temporary names start with the writer's process id; a file whose writer is gone is rubbish.
void clear_leftovers(const fs::path& tmp) {
  std::error_code ec;
  for (const auto& entry : fs::directory_iterator(tmp, ec)) {
    const auto pid = static_cast<pid_t>(std::strtol(entry.path().filename().c_str(), nullptr, 10));
    if (pid <= 0 || (::kill(pid, 0) != 0 && errno == ESRCH)) fs::remove(entry.path(), ec);
  }
}

class FsBlobStore final : public BlobStore {
 public:
  explicit FsBlobStore(fs::path root) : root_(std::move(root)) {}

  Result<std::unique_ptr<Staged>> stage() override {
    const auto path = root_ / "tmp" / fmt::format("{}-{}", ::getpid(), counter_.fetch_add(1));
    auto fd = VF_TRY(create_new(path));
    return std::make_unique<FsStaged>(std::move(fd), path);
  }

  Result<jobs::BlobRef> commit(std::unique_ptr<Staged> staged) override {
    auto& file = static_cast<FsStaged&>(*staged);
    jobs::BlobRef blob{VF_TRY(sha256_file(file.fd())), VF_TRY(file_size(file.fd()))};
    const auto target = path_of(blob.sha256);
    struct stat st{};
    if (::stat(target.c_str(), &st) == 0 && st.st_size == blob.size) {
      // Written again: young again, so that no collection takes it from under its new reader.
      ::utimensat(AT_FDCWD, target.c_str(), nullptr, 0);
      return blob;
    }
    VF_CHECK(make_folder(target.parent_path()));
    if (::fsync(file.fd()) != 0) return std::unexpected(system_error(errno, "write a checkpoint"));
    if (::rename(file.path().c_str(), target.c_str()) != 0)
      return std::unexpected(system_error(errno, "write a checkpoint"));
    file.renamed();
    VF_CHECK(sync_folder(target.parent_path()));
    return blob;
  }

  Result<UniqueFd> open(const jobs::BlobRef& blob) override {
    auto fd = VF_TRY(open_for_read(path_of(blob.sha256)));
    if (VF_TRY(file_size(fd.get())) != blob.size)
      return fail(ErrorCode::not_found, "A checkpoint in the work folder is damaged.", path_of(blob.sha256).string());
    return fd;
  }

  Result<std::vector<BlobStat>> list() override {
    std::vector<BlobStat> out;
    std::error_code ec;
    const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
    for (const auto& entry : fs::recursive_directory_iterator(root_ / "blobs", ec)) {
      struct stat st{};
      if (::stat(entry.path().c_str(), &st) != 0 || !S_ISREG(st.st_mode)) continue;
      out.push_back({entry.path().filename().string(), st.st_size, now - st.st_mtime});
    }
    if (ec) return std::unexpected(system_error(ec.value(), "list the work folder"));
    return out;
  }

  Result<void> remove(const std::string& sha256) override {
    std::error_code ec;
    fs::remove(path_of(sha256), ec);
    if (ec) return std::unexpected(system_error(ec.value(), "remove a checkpoint"));
    return {};
  }

  Result<std::int64_t> free_bytes() override {
    struct statvfs st{};
    if (::statvfs(root_.c_str(), &st) != 0) return std::unexpected(system_error(errno, "ask for free space"));
    return static_cast<std::int64_t>(st.f_bavail) * static_cast<std::int64_t>(st.f_frsize);
  }

 private:
  fs::path path_of(const std::string& sha256) const { return root_ / "blobs" / sha256.substr(0, 2) / sha256; }

  fs::path root_;
  std::atomic<int> counter_{0};
};

}  // namespace

Result<std::unique_ptr<BlobStore>> open_fs_blob_store(const fs::path& root) {
  VF_CHECK(make_folder(root / "blobs"));
  VF_CHECK(make_folder(root / "tmp"));
  clear_leftovers(root / "tmp");
  return std::make_unique<FsBlobStore>(root);
}

}  // namespace vf::blob
