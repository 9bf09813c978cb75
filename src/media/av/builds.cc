// Which builds of the media libraries this process runs, by the identifiers that the linker gave them.
#include <algorithm>
#include <array>
#include <cstring>
#include <span>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <link.h>

#include "media/av/version.h"

namespace vf::media::av {
namespace {

// Their code decides the bytes of stages.
constexpr std::array<std::string_view, 11> kLibraries{"libavcodec",   "libavfilter",   "libavformat", "libavutil",
                                                      "libswscale",   "libswresample", "libx264",     "libx265",
                                                      "libSvtAv1Enc", "libvpx",        "libass"};
constexpr std::size_t kDigits = 12;

std::size_t padded(std::size_t size) { return (size + 3) & ~std::size_t{3}; }

// The GNU build-id among the notes of one segment (elf(5), "Notes"); empty without one.
std::string build_id(std::span<const char> notes) {
  while (notes.size() >= sizeof(ElfW(Nhdr))) {
    ElfW(Nhdr) note;
    std::memcpy(&note, notes.data(), sizeof note);
    const auto name = sizeof note;
    const auto content = name + padded(note.n_namesz);
    const auto next = content + padded(note.n_descsz);
    if (next > notes.size()) return {};
    if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 && std::memcmp(notes.data() + name, "GNU", 4) == 0) {
      std::string out;
      for (const char byte : notes.subspan(content, note.n_descsz))
        out += fmt::format("{:02x}", static_cast<unsigned char>(byte));
      return out.substr(0, kDigits);
    }
    notes = notes.subspan(next);
  }
  return {};
}

int add_library(dl_phdr_info* info, std::size_t, void* list) {
  std::string_view file = info->dlpi_name ? info->dlpi_name : "";
  file.remove_prefix(file.rfind('/') + 1);  // npos + 1 is 0
  const auto name = file.substr(0, file.find('.'));
  if (std::ranges::find(kLibraries, name) == kLibraries.end()) return 0;
  for (const auto& segment : std::span(info->dlpi_phdr, info->dlpi_phnum)) {
    if (segment.p_type != PT_NOTE) continue;
    const auto* notes = reinterpret_cast<const char*>(info->dlpi_addr + segment.p_vaddr);
    const auto id = build_id({notes, segment.p_memsz});
    if (!id.empty()) static_cast<std::vector<std::string>*>(list)->push_back(fmt::format("{} {}", name.substr(3), id));
  }
  return 0;
}

}  // namespace

std::string library_builds() {
  static const std::string text = [] {
    std::vector<std::string> found;
    dl_iterate_phdr(&add_library, &found);
    std::ranges::sort(found);
    return fmt::format("{}", fmt::join(found, " "));
  }();
  return text;
}

}  // namespace vf::media::av
