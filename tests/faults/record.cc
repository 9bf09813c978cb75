// Loaded into the process under test (LD_PRELOAD): writes down everything that it asks of the disk for one folder,
// in order, so that power_test.py can tell what a disk could hold when the power goes.
//
//   VF_RECORD=FILE       the record; a later process goes on with it
//   VF_RECORD_ROOT=DIR   the folder, by its absolute path, and everything in it
//   VF_RECORD_KILL=FILE  once FILE exists the process ends by SIGKILL, between two operations
//
// Operations and their records are made under one lock, so both have one order; a sync is two records, for what is
// written while it runs is not covered. Sandboxed children write through descriptors that they were given and load no
// shim: a file that is longer at its sync than what was recorded of it is written down as a whole. Shared memory of
// SQLite (-shm) and logs are left out.
#include <cstdarg>

#include <dlfcn.h>
#include <sys/uio.h>

#include "recorder.h"

namespace {

using namespace vf::faults;

template <typename F>
F* next(F*, const char* name) {
  return reinterpret_cast<F*>(::dlsym(RTLD_NEXT, name));
}

#define VF_REAL(result, name, parameters) static auto* const real = next<result parameters>(nullptr, #name)

template <typename Open>
int open_recorded(const char* path, int flags, const Open& real) {
  const bool made = (flags & (O_CREAT | O_TRUNC)) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
  if (!made || record().file < 0) return real();
  const std::lock_guard lock(mutex);
  const auto where = full(AT_FDCWD, path);
  const bool nameless = (flags & O_TMPFILE) == O_TMPFILE;
  const bool there = ::syscall(SYS_faccessat, AT_FDCWD, path, F_OK) == 0;
  const int fd = real();
  struct stat st{};
  if (fd < 0 || !ours(fd, st)) return fd;
  if (nameless || !there) {
    record().known[st.st_ino] = 0;
    put('C', st.st_ino, st.st_mode & 07777, nameless ? std::string() : where, {}, "", 0);
  } else if (flags & O_TRUNC) {
    put('T', st.st_ino, 0, {}, {}, "", 0);
  }
  return fd;
}

template <typename Write>
ssize_t write_recorded(int fd, const void* bytes, const Write& real) {
  struct stat st{};
  if (!ours(fd, st)) return real();
  const std::lock_guard lock(mutex);
  const auto n = real();
  if (n > 0) wrote(st, bytes, ::lseek(fd, 0, SEEK_CUR) - n, n);
  return n;
}

template <typename Write>
ssize_t pwrite_recorded(int fd, const void* bytes, std::int64_t at, const Write& real) {
  struct stat st{};
  if (!ours(fd, st)) return real();
  const std::lock_guard lock(mutex);
  const auto n = real();
  wrote(st, bytes, at, n);
  return n;
}

template <typename Send>
ssize_t send_recorded(int out, const Send& real) {
  struct stat st{};
  if (!ours(out, st)) return real();
  const std::lock_guard lock(mutex);
  const auto n = real();
  if (n <= 0) return n;
  const auto at = ::lseek(out, 0, SEEK_CUR) - n;
  wrote(st, bytes_of(out, at, n).data(), at, n);
  return n;
}

template <typename Cut>
int cut_recorded(int fd, std::int64_t size, const Cut& real) {
  struct stat st{};
  if (!ours(fd, st)) return real();
  const std::lock_guard lock(mutex);
  const int status = real();
  if (status == 0) {
    put('T', st.st_ino, size, {}, {}, "", 0);
    record().known[st.st_ino] = size;
  }
  return status;
}

// The folder itself counts, and the one that holds it.
bool of_interest(const std::string& folder) {
  const auto& root = record().root;
  return inside(folder) || folder == root.substr(0, root.rfind('/'));
}

template <typename Sync>
int sync_recorded(int fd, const Sync& real) {
  struct stat st{};
  if (record().file < 0 || ::fstat(fd, &st) != 0) return real();
  const auto path = path_of(fd);
  if (!(S_ISREG(st.st_mode) ? inside(path) : S_ISDIR(st.st_mode) && of_interest(path))) return real();
  std::int64_t number = 0;
  {
    const std::lock_guard lock(mutex);
    number = ++record().syncs;
    auto& known = record().known[st.st_ino];
    ::fstat(fd, &st);
    if (S_ISREG(st.st_mode) && st.st_size > known) {
      const auto whole = bytes_of(fd, 0, st.st_size);
      put('W', st.st_ino, 0, {}, {}, whole.data(), whole.size());
      known = st.st_size;
    }
    put('S', st.st_ino, number, S_ISDIR(st.st_mode) ? path : std::string(), {}, "", 0);
  }
  const int status = real();
  const std::lock_guard lock(mutex);
  if (status == 0) put('E', st.st_ino, number, {}, {}, "", 0);
  return status;
}

// A name that comes, goes or changes. `kind` of what is removed: 'U' a file, 'X' a folder.
template <typename Call>
int named(const std::string& path, const char* kinds, const std::string& from, const Call& real) {
  if (!inside(path)) return real();
  const std::lock_guard lock(mutex);
  struct stat before{};
  const bool there = ::lstat(path.c_str(), &before) == 0;
  const int status = real();
  if (status != 0) return status;
  struct stat after{};
  if (kinds[0] == 'U') {
    if (there) put_path(S_ISDIR(before.st_mode) ? 'X' : 'U', before.st_ino, path);
  } else if (::lstat(path.c_str(), &after) == 0) {
    put_path(kinds[0], after.st_ino, path, from);
  }
  return status;
}

}  // namespace

extern "C" {

#define VF_OPEN(name)                                                           \
  int name(const char* path, int flags, ...) {                                  \
    mode_t mode = 0;                                                            \
    if (flags & (O_CREAT | O_TMPFILE)) {                                        \
      va_list rest;                                                             \
      va_start(rest, flags);                                                    \
      mode = va_arg(rest, mode_t);                                              \
      va_end(rest);                                                             \
    }                                                                           \
    VF_REAL(int, name, (const char*, int, ...));                                \
    return open_recorded(path, flags, [&] { return real(path, flags, mode); }); \
  }
VF_OPEN(open)
VF_OPEN(open64)

ssize_t write(int fd, const void* bytes, size_t size) {
  VF_REAL(ssize_t, write, (int, const void*, size_t));
  return write_recorded(fd, bytes, [&] { return real(fd, bytes, size); });
}

ssize_t writev(int fd, const struct iovec* parts, int count) {
  VF_REAL(ssize_t, writev, (int, const struct iovec*, int));
  struct stat st{};
  if (!ours(fd, st)) return real(fd, parts, count);
  std::string joined;
  for (int i = 0; i < count; ++i) joined.append(static_cast<const char*>(parts[i].iov_base), parts[i].iov_len);
  return write_recorded(fd, joined.data(), [&] { return real(fd, parts, count); });
}

#define VF_PWRITE(name, offset)                                                       \
  ssize_t name(int fd, const void* bytes, size_t size, offset at) {                   \
    VF_REAL(ssize_t, name, (int, const void*, size_t, offset));                       \
    return pwrite_recorded(fd, bytes, at, [&] { return real(fd, bytes, size, at); }); \
  }
VF_PWRITE(pwrite, off_t)
VF_PWRITE(pwrite64, off64_t)

#define VF_SENDFILE(name, offset)                                       \
  ssize_t name(int out, int in, offset* at, size_t size) {              \
    VF_REAL(ssize_t, name, (int, int, offset*, size_t));                \
    return send_recorded(out, [&] { return real(out, in, at, size); }); \
  }
VF_SENDFILE(sendfile, off_t)
VF_SENDFILE(sendfile64, off64_t)

#define VF_CUT(name, offset)                                       \
  int name(int fd, offset size) {                                  \
    VF_REAL(int, name, (int, offset));                             \
    return cut_recorded(fd, size, [&] { return real(fd, size); }); \
  }
VF_CUT(ftruncate, off_t)
VF_CUT(ftruncate64, off64_t)

int fsync(int fd) {
  VF_REAL(int, fsync, (int));
  return sync_recorded(fd, [&] { return real(fd); });
}

int fdatasync(int fd) {
  VF_REAL(int, fdatasync, (int));
  return sync_recorded(fd, [&] { return real(fd); });
}

int mkdir(const char* path, mode_t mode) {
  VF_REAL(int, mkdir, (const char*, mode_t));
  return named(full(AT_FDCWD, path), "D", {}, [&] { return real(path, mode); });
}

int rename(const char* from, const char* to) {
  VF_REAL(int, rename, (const char*, const char*));
  return named(full(AT_FDCWD, to), "R", full(AT_FDCWD, from), [&] { return real(from, to); });
}

int renameat2(int a, const char* from, int b, const char* to, unsigned flags) {
  VF_REAL(int, renameat2, (int, const char*, int, const char*, unsigned));
  return named(full(b, to), "R", full(a, from), [&] { return real(a, from, b, to, flags); });
}

int link(const char* from, const char* to) {
  VF_REAL(int, link, (const char*, const char*));
  return named(full(AT_FDCWD, to), "L", {}, [&] { return real(from, to); });
}

int linkat(int a, const char* from, int b, const char* to, int flags) {
  VF_REAL(int, linkat, (int, const char*, int, const char*, int));
  return named(full(b, to), "L", {}, [&] { return real(a, from, b, to, flags); });
}

int unlink(const char* path) {
  VF_REAL(int, unlink, (const char*));
  return named(full(AT_FDCWD, path), "U", {}, [&] { return real(path); });
}

int unlinkat(int folder, const char* path, int flags) {
  VF_REAL(int, unlinkat, (int, const char*, int));
  return named(full(folder, path), "U", {}, [&] { return real(folder, path, flags); });
}

int remove(const char* path) {
  VF_REAL(int, remove, (const char*));
  return named(full(AT_FDCWD, path), "U", {}, [&] { return real(path); });
}

int rmdir(const char* path) {
  VF_REAL(int, rmdir, (const char*));
  return named(full(AT_FDCWD, path), "U", {}, [&] { return real(path); });
}
}
