// Probing any bytes ends with a result whose index is in order, or with a sentence. Drives libav's
// demuxers too; the first byte says whether the file begins with the rest as it is, or behind an `ftyp`.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include <sys/mman.h>

#include "base/fd.h"
#include "media/probe/probe.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  std::string file = data[0] == 1 ? std::string(
                                        "\0\0\0\x10"
                                        "ftypisom\0\0\0\0",
                                        16)
                                  : std::string();
  file.append(reinterpret_cast<const char*>(data + 1), size - 1);
  const vf::UniqueFd fd(::memfd_create("fuzz", MFD_CLOEXEC));
  if (!fd || !vf::write_all(fd.get(), std::string_view(file))) return 0;
  const auto result = vf::media::probe(fd.get());
  if (!result) {
    if (result.error().message.empty()) std::abort();
    return 0;
  }
  const auto& index = result->index;
  if (!std::ranges::is_sorted(index.frame_ticks) || !std::ranges::is_sorted(index.key_ticks)) std::abort();
  if (!index.frame_ticks.empty() && index.end_ticks < index.frame_ticks.back()) std::abort();
  return 0;
}
