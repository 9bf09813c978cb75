// Loaded into the process under test (LD_PRELOAD): lets one chosen call fail, or every call from there on, or
// all of them for a while; and turns the clock.
//
//   VF_FAULT=io:17:EIO        the 17th system call fails with EIO, once
//   VF_FAULT=io:17:ENOSPC+    from the 17th on, everything that needs new space fails with ENOSPC
//   VF_FAULT=io:17:short      the 17th call, where it writes, takes only a part
//   VF_FAULT=new:17           the 17th operator new has no memory; new:17+ and so all later ones
//   VF_FAULT=io:1:EROFS+      the same of a file system that became read-only
//   VF_FAULT_WHILE=FILE       these hold only as long as FILE exists
//   VF_CLOCK=FILE             the time of day is off by as many seconds (int64) as stand in FILE
//   VF_FAULT_COUNT=FILE       the numbers of both are written there when the process ends
//
// The nursery passes no LD_PRELOAD on, so sandboxed children are as always.
#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <new>

#include <dlfcn.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

namespace {

enum class Kind { none, io, memory };

struct Fault {
  Kind kind = Kind::none;
  long at = 0;
  bool on = false;  // and all that follow
  bool cut = false;
  int error = 0;
};

// What the libraries do before main and after it is not our code, and nobody could catch what it throws.
std::atomic<bool> in_main{false};
std::atomic<long> io_calls{0};
std::atomic<long> allocations{0};

Fault read_fault() {
  Fault fault;
  const char* text = std::getenv("VF_FAULT");
  if (!text) return fault;
  char kind[8] = {};
  char what[16] = {};
  if (std::sscanf(text, "%7[a-z]:%ld%*[:]%15s", kind, &fault.at, what) < 2) return fault;
  fault.kind = std::strcmp(kind, "new") == 0 ? Kind::memory : Kind::io;
  fault.on = std::strchr(text, '+') != nullptr;
  fault.cut = std::strncmp(what, "short", 5) == 0;
  fault.error = std::strncmp(what, "ENOSPC", 6) == 0   ? ENOSPC
                : std::strncmp(what, "ENOMEM", 6) == 0 ? ENOMEM
                : std::strncmp(what, "EINTR", 5) == 0  ? EINTR
                : std::strncmp(what, "EROFS", 5) == 0  ? EROFS
                : std::strncmp(what, "EMFILE", 6) == 0 ? EMFILE
                                                       : EIO;
  return fault;
}

const Fault& fault() {
  static const Fault value = read_fault();
  return value;
}

struct Report {
  ~Report() {
    const char* path = std::getenv("VF_FAULT_COUNT");
    if (!path) return;
    char text[64];
    const int n = std::snprintf(text, sizeof text, "%ld %ld\n", io_calls.load(), allocations.load());
    const long fd = ::syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (fd >= 0) ::syscall(SYS_write, fd, text, static_cast<std::size_t>(n));
    if (fd >= 0) ::syscall(SYS_close, fd);
  }
} report;

// Of what a full or read-only file system refuses; what goes through pipes, sockets and memory it does not touch.
bool on_disk(int fd) {
  struct stat st;
  if (::fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) return false;
  struct statfs fs;
  return st.st_nlink > 0 || ::fstatfs(fd, &fs) != 0 || fs.f_type != TMPFS_MAGIC;
}

// A full disk still opens what is there.
bool writes_to(int flags) { return (flags & (fault().error == EROFS ? O_CREAT | O_WRONLY | O_RDWR : O_CREAT)) != 0; }

bool holds() {
  static const char* const path = std::getenv("VF_FAULT_WHILE");
  return !path || ::syscall(SYS_faccessat, AT_FDCWD, path, F_OK) == 0;
}

// True where this call is to fail; errno is set then. `space`: it needs room on a disk.
bool fails(bool space = false) {
  if (!in_main) return false;
  const long n = ++io_calls;
  const auto& f = fault();
  if (f.kind != Kind::io || f.cut) return false;
  const bool of_disk = f.error == ENOSPC || f.error == EROFS;
  const bool hit = f.on ? n >= f.at && (space || !of_disk) && holds() : n == f.at;
  if (hit) errno = f.error;
  return hit;
}

std::int64_t seconds_off() {
  static const auto* const off = []() -> const std::int64_t* {
    const char* path = std::getenv("VF_CLOCK");
    const long fd = path ? ::syscall(SYS_openat, AT_FDCWD, path, O_RDONLY) : -1;
    if (fd < 0) return nullptr;
    void* const page = ::mmap(nullptr, sizeof(std::int64_t), PROT_READ, MAP_SHARED, static_cast<int>(fd), 0);
    return page == MAP_FAILED ? nullptr : static_cast<const std::int64_t*>(page);
  }();
  return off ? __atomic_load_n(off, __ATOMIC_RELAXED) : 0;
}

// How much of a write gets through.
std::size_t part(std::size_t size) {
  const auto& f = fault();
  return f.kind == Kind::io && f.cut && io_calls.load() == f.at && size > 1 ? size / 2 : size;
}

template <typename F>
F* next(F*, const char* name) {
  return reinterpret_cast<F*>(::dlsym(RTLD_NEXT, name));
}

void* allocate(std::size_t size, std::size_t align) {
  if (in_main) {
    const long n = ++allocations;
    const auto& f = fault();
    if (f.kind == Kind::memory && (f.on ? n >= f.at : n == f.at)) return nullptr;
  }
  if (size == 0) size = 1;
  return align ? std::aligned_alloc(align, (size + align - 1) / align * align) : std::malloc(size);
}

void* or_throw(void* p) {
  if (!p) throw std::bad_alloc();
  return p;
}

}  // namespace

void* operator new(std::size_t n) { return or_throw(allocate(n, 0)); }
void* operator new[](std::size_t n) { return or_throw(allocate(n, 0)); }
void* operator new(std::size_t n, std::align_val_t a) { return or_throw(allocate(n, static_cast<std::size_t>(a))); }
void* operator new(std::size_t n, const std::nothrow_t&) noexcept { return allocate(n, 0); }
void* operator new[](std::size_t n, const std::nothrow_t&) noexcept { return allocate(n, 0); }
void operator delete(void* p) noexcept { std::free(p); }
void operator delete[](void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
void operator delete[](void* p, std::size_t) noexcept { std::free(p); }
void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }
void operator delete(void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }
void operator delete(void* p, const std::nothrow_t&) noexcept { std::free(p); }
void operator delete[](void* p, const std::nothrow_t&) noexcept { std::free(p); }

using Main = int (*)(int, char**, char**);
Main real_main;

int counted_main(int argc, char** argv, char** environment) {
  in_main = true;
  const int status = real_main(argc, argv, environment);
  in_main = false;
  return status;
}

extern "C" {

int __libc_start_main(Main main_function, int argc, char** argv, void (*init)(), void (*fini)(), void (*rtld_fini)(),
                      void* stack_end) {
  real_main = main_function;
  using Start = int(Main, int, char**, void (*)(), void (*)(), void (*)(), void*);
  auto* start = reinterpret_cast<Start*>(::dlsym(RTLD_NEXT, "__libc_start_main"));
  return start(counted_main, argc, argv, init, fini, rtld_fini, stack_end);
}

#define VF_OPEN(name)                                                     \
  int name(const char* path, int flags, ...) {                            \
    mode_t mode = 0;                                                      \
    if (flags & (O_CREAT | O_TMPFILE)) {                                  \
      va_list rest;                                                       \
      va_start(rest, flags);                                              \
      mode = va_arg(rest, mode_t);                                        \
      va_end(rest);                                                       \
    }                                                                     \
    if (fails(writes_to(flags))) return -1;                               \
    static auto* real = next<int(const char*, int, ...)>(nullptr, #name); \
    return real(path, flags, mode);                                       \
  }
VF_OPEN(open)
VF_OPEN(open64)

#define VF_CALL(result, name, space, parameters, arguments)      \
  result name parameters {                                       \
    if (fails(space)) return -1;                                 \
    static auto* real = next<result parameters>(nullptr, #name); \
    return real arguments;                                       \
  }

#define VF_TRANSFER(result, name, space, parameters, arguments)  \
  result name parameters {                                       \
    if (fails(space)) return -1;                                 \
    size = part(size);                                           \
    static auto* real = next<result parameters>(nullptr, #name); \
    return real arguments;                                       \
  }

VF_TRANSFER(ssize_t, write, on_disk(fd), (int fd, const void* bytes, size_t size), (fd, bytes, size))
VF_TRANSFER(ssize_t, pwrite, on_disk(fd), (int fd, const void* bytes, size_t size, off_t at), (fd, bytes, size, at))
VF_TRANSFER(ssize_t, pwrite64, on_disk(fd), (int fd, const void* bytes, size_t size, off64_t at), (fd, bytes, size, at))
VF_TRANSFER(ssize_t, sendfile, on_disk(out), (int out, int in, off_t* at, size_t size), (out, in, at, size))
VF_TRANSFER(ssize_t, sendfile64, on_disk(out), (int out, int in, off64_t* at, size_t size), (out, in, at, size))
VF_TRANSFER(ssize_t, read, false, (int fd, void* bytes, size_t size), (fd, bytes, size))
VF_TRANSFER(ssize_t, pread, false, (int fd, void* bytes, size_t size, off_t at), (fd, bytes, size, at))
VF_TRANSFER(ssize_t, pread64, false, (int fd, void* bytes, size_t size, off64_t at), (fd, bytes, size, at))
VF_CALL(int, fsync, on_disk(fd), (int fd), (fd))
VF_CALL(int, fdatasync, on_disk(fd), (int fd), (fd))
VF_CALL(int, rename, true, (const char* from, const char* to), (from, to))
VF_CALL(int, unlink, fault().error == EROFS, (const char* path), (path))
VF_CALL(int, remove, fault().error == EROFS, (const char* path), (path))
VF_CALL(int, mkdir, true, (const char* path, mode_t mode), (path, mode))
VF_CALL(int, ftruncate, on_disk(fd), (int fd, off_t size), (fd, size))
VF_CALL(int, ftruncate64, on_disk(fd), (int fd, off64_t size), (fd, size))
VF_CALL(int, linkat, true, (int a, const char* from, int b, const char* to, int flags), (a, from, b, to, flags))
VF_CALL(int, flock, false, (int fd, int what), (fd, what))
VF_CALL(int, pipe2, false, (int* ends, int flags), (ends, flags))
VF_CALL(int, memfd_create, false, (const char* name, unsigned flags), (name, flags))
VF_CALL(ssize_t, sendmsg, false, (int fd, const struct msghdr* m, int flags), (fd, m, flags))
VF_CALL(ssize_t, send, false, (int fd, const void* bytes, size_t size, int flags), (fd, bytes, size, flags))
VF_CALL(ssize_t, recv, false, (int fd, void* bytes, size_t size, int flags), (fd, bytes, size, flags))
VF_CALL(int, fallocate, on_disk(fd), (int fd, int mode, off_t at, off_t size), (fd, mode, at, size))

// The steady clocks are nobody's to turn.
int clock_gettime(clockid_t which, struct timespec* now) noexcept {
  const long status = ::syscall(SYS_clock_gettime, which, now);
  if (status == 0 && which == CLOCK_REALTIME) now->tv_sec += seconds_off();
  return static_cast<int>(status);
}

time_t time(time_t* into) noexcept {
  struct timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  if (into) *into = now.tv_sec;
  return now.tv_sec;
}
}
