#include <algorithm>
#include <cstring>

#include <libdeflate.h>

#include "media/stills/files.h"

namespace vf::media::stills {
namespace {

constexpr int kLevel = 1;  // the filter has done the work
constexpr std::uint8_t kFilterUp = 2;
constexpr std::uint8_t kSignature[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};

struct FreeCompressor {
  void operator()(libdeflate_compressor* c) const { libdeflate_free_compressor(c); }
};

void put32(std::uint8_t* at, std::uint32_t v) {
  for (int i = 0; i < 4; ++i) at[i] = static_cast<std::uint8_t>(v >> (24 - 8 * i));
}

// Opens a chunk of `size` bytes at the end of `out`; returns where its data goes.
std::uint8_t* open_chunk(Bytes& out, const char* type, std::size_t size) {
  const auto at = out.size();
  out.resize(at + 12 + size);
  put32(out.data() + at, static_cast<std::uint32_t>(size));
  std::memcpy(out.data() + at + 4, type, 4);
  return out.data() + at + 8;
}

// Sets the length that the last chunk really has, and its check sum.
void close_chunk(Bytes& out, const std::uint8_t* data, std::size_t size) {
  const auto at = static_cast<std::size_t>(data - out.data()) - 8;
  put32(out.data() + at, static_cast<std::uint32_t>(size));
  put32(out.data() + at + 8 + size, libdeflate_crc32(0, out.data() + at + 4, size + 4));
  out.resize(at + 12 + size);
}

void write_head(Bytes& out, int width, int height) {
  out.insert(out.end(), std::begin(kSignature), std::end(kSignature));
  auto* head = open_chunk(out, "IHDR", 13);
  put32(head, static_cast<std::uint32_t>(width));
  put32(head + 4, static_cast<std::uint32_t>(height));
  constexpr std::uint8_t kEightBitRgb[] = {8, 2, 0, 0, 0};
  std::ranges::copy(kEightBitRgb, head + 8);
  close_chunk(out, head, 13);
  auto* srgb = open_chunk(out, "sRGB", 1);
  *srgb = 0;  // perceptual
  close_chunk(out, srgb, 1);
}

void filter_up(std::span<const std::uint8_t> rgb, std::size_t row, std::size_t rows, std::uint8_t* to) {
  for (std::size_t y = 0; y < rows; ++y) {
    const auto* from = rgb.data() + y * row;
    *to++ = kFilterUp;
    if (y == 0) {
      std::memcpy(to, from, row);
    } else {
      const auto* above = from - row;
      for (std::size_t x = 0; x < row; ++x) to[x] = static_cast<std::uint8_t>(from[x] - above[x]);
    }
    to += row;
  }
}

}  // namespace

struct PngFile::State {
  std::unique_ptr<libdeflate_compressor, FreeCompressor> compressor{libdeflate_alloc_compressor(kLevel)};
  Bytes filtered;
};

PngFile::PngFile() : state_(std::make_unique<State>()) {}
PngFile::PngFile(PngFile&&) noexcept = default;
PngFile& PngFile::operator=(PngFile&&) noexcept = default;
PngFile::~PngFile() = default;

Result<void> PngFile::write(std::span<const std::uint8_t> rgb, int width, int height, Bytes& out) {
  auto& s = *state_;
  if (!s.compressor) return fail(ErrorCode::no_memory, "There is not enough memory to write a PNG.");
  const auto row = static_cast<std::size_t>(width) * 3;
  const auto rows = static_cast<std::size_t>(height);
  s.filtered.resize((row + 1) * rows);
  filter_up(rgb, row, rows, s.filtered.data());
  write_head(out, width, height);
  const auto room = libdeflate_zlib_compress_bound(s.compressor.get(), s.filtered.size());
  auto* data = open_chunk(out, "IDAT", room);
  const auto size = libdeflate_zlib_compress(s.compressor.get(), s.filtered.data(), s.filtered.size(), data, room);
  if (size == 0) return fail(ErrorCode::internal, "A PNG could not be written.");
  close_chunk(out, data, size);
  auto* end = open_chunk(out, "IEND", 0);
  close_chunk(out, end, 0);
  return {};
}

}  // namespace vf::media::stills
