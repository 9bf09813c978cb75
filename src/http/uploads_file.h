// The bytes of one upload that is not whole yet: a file named by the upload's id, which grows at its end.
//
// Its size is the upload's offset. The opening holds a lock (flock) that two requests, two processes or the
// sweep cannot have at once. Bytes are hashed as they are written, and those hashes wait in memory between
// requests, so that a whole upload needs to be read again only after a restart. Not thread-safe.
//
// Bytes on trial count only once they are kept: their checksum came first, and a crash between must not
// leave them. Until then a file beside says where they begin, and whoever opens the upload next cuts there.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>

#include "base/fd.h"
#include "base/sha256.h"

namespace vf::http {

// Hashes of uploads that wait for more bytes. Thread-safe.
class RunningHashes {
 public:
  // The hash of the first `size` bytes, which the caller goes on with.
  std::optional<Sha256> take(const std::string& id, std::int64_t size);
  void give(const std::string& id, std::int64_t size, Sha256 hash);
  void forget(const std::string& id);

 private:
  struct Waiting {
    std::int64_t size = 0;
    Sha256 hash;
  };
  std::mutex mutex_;
  std::map<std::string, Waiting> waiting_;
};

class UploadFile {
 public:
  // An empty file whose name is durable. Errors: as the file system's.
  static Result<void> create(const std::filesystem::path& folder, const std::string& id);

  // Errors: not_found, conflict (somebody else has it open).
  static Result<UploadFile> open(const std::filesystem::path& folder, const std::string& id, RunningHashes& hashes);

  // Bytes that count, without a lock: what another request is writing may add to them at any moment.
  static Result<std::int64_t> size_of(const std::filesystem::path& folder, const std::string& id);

  // The upload's bytes and what stands beside them.
  static void remove(const std::filesystem::path& folder, const std::string& id);

  UploadFile(UploadFile&&) noexcept = default;
  UploadFile& operator=(UploadFile&&) = delete;
  ~UploadFile();

  std::int64_t size() const { return size_; }
  const std::filesystem::path& path() const { return path_; }

  // Appends. After an error what was written before it stays.
  Result<void> write(std::span<const std::uint8_t> bytes);
  // Returns once everything is on the disk.
  Result<void> sync();

  Result<void> begin_trial();
  Result<void> keep_trial();
  // Cuts back to where the trial began; what goes out of scope on trial is cut as well.
  Result<void> undo_trial();

  // Removes the bytes and forgets their hash; the lock stays until the object goes.
  void discard();

  // Of all bytes, where every one of them was hashed as it came; else empty.
  std::string sha256() const;

 private:
  UploadFile(UniqueFd fd, std::filesystem::path path, std::string id, RunningHashes& hashes);
  Result<void> recover();

  struct Trial {
    std::int64_t from = 0;
    std::optional<Sha256> hash;
  };
  UniqueFd fd_;
  std::filesystem::path path_;
  std::string id_;
  RunningHashes* hashes_;
  std::int64_t size_ = 0;
  std::int64_t unsynced_ = 0;
  std::optional<Sha256> hash_;
  std::optional<Trial> trial_;
};

}  // namespace vf::http
