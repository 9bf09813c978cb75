#include "media/sandbox/profile_dump.h"

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>

// Of LLVM's profile runtime; absent (null) in builds without coverage.
extern "C" {
[[gnu::weak]] std::uint64_t __llvm_profile_get_size_for_buffer(void);
[[gnu::weak]] int __llvm_profile_write_buffer(char* buffer);
}

namespace vf::media::sandbox {

ProfileDump::ProfileDump() {
  const char* pattern = std::getenv("LLVM_PROFILE_FILE");
  if (!__llvm_profile_write_buffer || !pattern) return;
  const auto folder = std::filesystem::path(pattern).parent_path();
  const auto name = fmt::format("stage-{}.profraw", ::getpid());
  file_ = UniqueFd(::open((folder / name).c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
}

void ProfileDump::write() const {
  if (!file_) return;
  std::vector<char> buffer(__llvm_profile_get_size_for_buffer());
  if (__llvm_profile_write_buffer(buffer.data()) == 0)
    (void)write_all(file_.get(), std::string_view(buffer.data(), buffer.size()));
}

}  // namespace vf::media::sandbox
