// An owned file descriptor and the few file operations every room needs, with errors as values.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"

namespace vf {

// Owns one descriptor; closes it when it goes.
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    if (this != &other) {
      reset();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  UniqueFd(const UniqueFd&) = delete;
  UniqueFd& operator=(const UniqueFd&) = delete;
  ~UniqueFd() { reset(); }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  int release() { return std::exchange(fd_, -1); }
  void reset();

 private:
  int fd_ = -1;
};

// Opens an existing file for reading (close-on-exec). Messages name the file.
Result<UniqueFd> open_for_read(const std::filesystem::path& path);

// Creates a file that must not exist yet, for reading and writing (close-on-exec).
Result<UniqueFd> create_new(const std::filesystem::path& path);

// Bytes of a regular file.
Result<std::int64_t> file_size(int fd);

// Writes all bytes at the current position; short writes go on, EINTR is tried again.
Result<void> write_all(int fd, std::string_view bytes);
Result<void> write_all(int fd, std::span<const std::uint8_t> bytes);

// Reads up to `bytes.size()` bytes at `offset`; fewer only at the end of the file.
Result<std::size_t> read_at(int fd, std::span<std::uint8_t> bytes, std::int64_t offset);

// The whole file from its beginning, at most `limit` bytes (limit_exceeded beyond).
Result<std::string> read_whole(int fd, std::int64_t limit);
Result<std::string> read_whole(const std::filesystem::path& path, std::int64_t limit);

// Appends `length` bytes of `from` starting at `offset` to `to`, in the kernel where it can.
Result<void> copy_range(int from, std::int64_t offset, std::int64_t length, int to);

// Takes an flock(2) on an open file or folder without waiting; it ends with the last descriptor of that
// opening. False where another process holds it. A file system without locks counts as free.
bool try_lock(int fd, bool exclusive);

// Opens a folder, to lock or to sync it.
Result<UniqueFd> open_folder(const std::filesystem::path& path);

// Makes names in the folder durable: a rename is so only once its folder is.
Result<void> sync_folder(const std::filesystem::path& path);

// Creates the folder with its parents where it is missing.
Result<void> make_folder(const std::filesystem::path& path);

// Writes a file so that a crash leaves either the old one or the whole new one (aside, fsync, rename).
Result<void> write_file_atomically(const std::filesystem::path& path, std::string_view bytes);

}  // namespace vf
