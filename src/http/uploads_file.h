// The bytes of one upload that is not whole yet: a file named by the upload's id, which grows at its end.
//
// Its size is the upload's offset. The opening holds a lock (flock) that two requests, two processes or the
// sweep cannot have at once. Bytes are hashed as they are written, and those hashes wait in memory between
// requests, so that a whole upload needs to be read again only after a restart. Not thread-safe.
//
// A file beside it, the mark, says how many of its bytes are kept: they are on the disk, and whatever checksum came
// with them was right. What stands behind the mark after a crash may never have been written, for a disk may know
// the file's new size without all of its pages: whoever opens the upload next cuts it off, unless this process
// wrote it and knows it. So no offset is told to a client that is not marked first.
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

// What this process knows of uploads that wait for more bytes. Thread-safe.
class RunningHashes {
 public:
  struct Known {
    std::int64_t size = 0;
    std::optional<Sha256> hash;  // of all bytes, where each was hashed as it came
  };
  // Where the first `size` bytes are those that this process left: the caller goes on with them.
  std::optional<Known> take(const std::string& id, std::int64_t size);
  void give(const std::string& id, Known known);
  void forget(const std::string& id);

 private:
  std::mutex mutex_;
  std::map<std::string, Known> waiting_;
};

class UploadFile {
 public:
  // An empty file whose name is durable; one that is there stays as it is. Errors: as the file system's.
  static Result<void> create(const std::filesystem::path& folder, const std::string& id);

  // Errors: not_found, conflict (somebody else has it open).
  static Result<UploadFile> open(const std::filesystem::path& folder, const std::string& id, RunningHashes& hashes);

  // Bytes that are kept, also while another request is writing more.
  static Result<std::int64_t> size_of(const std::filesystem::path& folder, const std::string& id,
                                      RunningHashes& hashes);

  // The upload's bytes and what stands beside them.
  static void remove(const std::filesystem::path& folder, const std::string& id);

  UploadFile(UploadFile&&) noexcept = default;
  UploadFile& operator=(UploadFile&&) = delete;
  ~UploadFile();

  std::int64_t size() const { return size_; }
  const std::filesystem::path& path() const { return path_; }

  // Appends. After an error what was written before it stays.
  Result<void> write(std::span<const std::uint8_t> bytes);
  // Returns once everything is on the disk and marked; ends a trial well.
  Result<void> keep();

  // From here on nothing is kept but by keep(): a checksum of the bytes is known before they are.
  void begin_trial();
  // Cuts back to where the trial began; what goes out of scope on trial is cut as well.
  Result<void> undo_trial();

  // Removes the bytes and forgets their hash; the lock stays until the object goes.
  void discard();

  // Of all bytes, where every one of them was hashed as it came; else empty.
  std::string sha256() const;

 private:
  UploadFile(UniqueFd fd, std::filesystem::path path, std::string id, RunningHashes& hashes);
  Result<void> recover();
  Result<void> cut(std::int64_t size);

  struct Trial {
    std::int64_t from = 0;
    std::optional<Sha256> hash;
  };
  UniqueFd fd_;
  std::filesystem::path path_;
  std::string id_;
  RunningHashes* hashes_;  // null once the bytes are gone
  std::int64_t size_ = 0;
  std::int64_t kept_ = 0;
  std::int64_t unsynced_ = 0;
  std::optional<Sha256> hash_;
  std::optional<Trial> trial_;
};

}  // namespace vf::http
