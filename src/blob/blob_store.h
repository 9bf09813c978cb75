// The port for immutable bytes. Adapters: blob/fs (a local folder).
//
// A blob is staged (an anonymous place to write to), then committed under the hash of what was
// written; nobody sees it before that. Implementations are thread-safe.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/fd.h"
#include "jobs/plan.h"

namespace vf::blob {

// Bytes on their way in. Gone without a trace unless committed.
class Staged {
 public:
  virtual ~Staged() = default;
  virtual int fd() const = 0;  // open for reading and writing, empty at first; owned by the Staged
};

struct BlobStat {
  std::string sha256;
  std::int64_t size = 0;
  std::int64_t age_seconds = 0;  // since it was written
};

class BlobStore {
 public:
  virtual ~BlobStore() = default;

  virtual Result<std::unique_ptr<Staged>> stage() = 0;

  // Hashes what was written, makes it durable and gives it its name. Bytes that are already there
  // are not stored twice.
  virtual Result<jobs::BlobRef> commit(std::unique_ptr<Staged> staged) = 0;

  // A whole file of this machine under the hash of its bytes, without a copy where the adapter can share
  // them. The file is durable and nobody writes to it any more; its own name stays the caller's to remove.
  // `sha256`: of its bytes, where the caller hashed them as it wrote them; empty: the adapter reads them.
  virtual Result<jobs::BlobRef> adopt(const std::filesystem::path& file, const std::string& sha256) = 0;

  // For reading, from offset 0. Errors: not_found.
  virtual Result<UniqueFd> open(const jobs::BlobRef& blob) = 0;

  // Reads every byte: whether they are still what the name says. Damaged ones are removed, so that the
  // same bytes can be committed again; missing ones are not an error.
  virtual Result<bool> intact(const jobs::BlobRef& blob) = 0;

  virtual Result<std::vector<BlobStat>> list() = 0;
  virtual Result<void> remove(const std::string& sha256) = 0;

  // Bytes that can still be written.
  virtual Result<std::int64_t> free_bytes() = 0;

  // Where that is, for people: a folder.
  virtual std::string place() const = 0;
};

}  // namespace vf::blob
