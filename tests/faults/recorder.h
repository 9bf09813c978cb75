// How record.cc writes its record: one Head for each operation, then `first` and `second` (paths), then `size` bytes.
//
// Everything here is called under `mutex`, but record(), inside(), path_of(), full() and ours(), which change nothing.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <mutex>
#include <string>
#include <unordered_map>

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

namespace vf::faults {

struct Head {
  std::uint8_t kind = 0;
  std::uint8_t unused = 0;
  std::uint16_t first = 0;
  std::uint32_t second = 0;
  std::uint64_t size = 0;
  std::uint64_t when = 0;  // CLOCK_MONOTONIC, nanoseconds
  std::uint64_t inode = 0;
  std::int64_t at = 0;  // offset of a write, size of a cut, number of a sync, mode of a new file
};
static_assert(sizeof(Head) == 40);

inline std::mutex mutex;

struct Record {
  std::string root, logs;
  int file = -1;
  const char* kill = nullptr;
  std::int64_t syncs = 0;
  std::unordered_map<std::uint64_t, std::int64_t> known;  // by inode: how much of the file is in the record
};

inline Record& record() {
  static Record* const value = [] {
    auto* out = new Record;
    const char* root = std::getenv("VF_RECORD_ROOT");
    const char* file = std::getenv("VF_RECORD");
    if (!root || !file) return out;
    out->root = root;
    out->logs = out->root + "/log/";
    out->kill = std::getenv("VF_RECORD_KILL");
    out->file =
        static_cast<int>(::syscall(SYS_openat, AT_FDCWD, file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
    // Numbers of syncs of different lives differ.
    out->syncs = static_cast<std::int64_t>(::getpid()) << 32;
    return out;
  }();
  return *value;
}

inline bool inside(const std::string& path) {
  const auto& r = record();
  if (r.file < 0 || !path.starts_with(r.root)) return false;
  if (path.size() > r.root.size() && path[r.root.size()] != '/') return false;
  return !path.ends_with("-shm") && !path.starts_with(r.logs);
}

inline std::string path_of(int fd) {
  char path[4096];
  const auto link = "/proc/self/fd/" + std::to_string(fd);
  const auto n = ::syscall(SYS_readlinkat, AT_FDCWD, link.c_str(), path, sizeof path);
  return n > 0 ? std::string(path, static_cast<std::size_t>(n)) : std::string();
}

inline std::string full(int folder, const char* path) {
  if (path[0] == '/') return path;
  char here[4096] = {};
  if (folder == AT_FDCWD) ::syscall(SYS_getcwd, here, sizeof here);
  return (folder == AT_FDCWD ? std::string(here) : path_of(folder)) + "/" + path;
}

// The file behind a descriptor, where it is one of the folder's.
inline bool ours(int fd, struct stat& st) {
  return record().file >= 0 && ::fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && inside(path_of(fd));
}

inline void put(char kind, std::uint64_t inode, std::int64_t at, const std::string& first, const std::string& second,
                const void* bytes, std::size_t size) {
  struct timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  Head head{.kind = static_cast<std::uint8_t>(kind),
            .first = static_cast<std::uint16_t>(first.size()),
            .second = static_cast<std::uint32_t>(second.size()),
            .size = size,
            .when = static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(now.tv_nsec),
            .inode = inode,
            .at = at};
  std::string text(reinterpret_cast<const char*>(&head), sizeof head);
  text += first;
  text += second;
  text.append(static_cast<const char*>(bytes), size);
  for (std::size_t done = 0; done < text.size();) {
    const auto n = ::syscall(SYS_write, record().file, text.data() + done, text.size() - done);
    if (n <= 0) std::abort();
    done += static_cast<std::size_t>(n);
  }
  if (record().kill && ::syscall(SYS_faccessat, AT_FDCWD, record().kill, F_OK) == 0) ::kill(::getpid(), SIGKILL);
}

inline void put_path(char kind, std::uint64_t inode, const std::string& first, const std::string& second = {}) {
  put(kind, inode, 0, first, second, "", 0);
}

inline void wrote(const struct stat& st, const void* bytes, std::int64_t at, std::int64_t size) {
  if (size <= 0) return;
  put('W', st.st_ino, at, {}, {}, bytes, static_cast<std::size_t>(size));
  auto& known = record().known[st.st_ino];
  known = std::max(known, at + size);
}

// What stands in the file from `at` on, read by a descriptor of its own: ours may be for writing only.
inline std::string bytes_of(int fd, std::int64_t at, std::int64_t size) {
  std::string out(static_cast<std::size_t>(size), '\0');
  const auto link = "/proc/self/fd/" + std::to_string(fd);
  const auto reader = ::syscall(SYS_openat, AT_FDCWD, link.c_str(), O_RDONLY | O_CLOEXEC);
  if (reader < 0) std::abort();
  const auto n = ::syscall(SYS_pread64, reader, out.data(), out.size(), at);
  ::syscall(SYS_close, reader);
  out.resize(static_cast<std::size_t>(std::max<long>(n, 0)));
  return out;
}

}  // namespace vf::faults
