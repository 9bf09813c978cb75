// Sums over 4x4 blocks of two planes, of which windows for SSIM are put together. Internal to media.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace vf::media::verify {

struct Sums {
  std::int64_t a = 0;
  std::int64_t b = 0;
  std::int64_t squares = 0;
  std::int64_t products = 0;
  Sums& operator+=(const Sums& o) {
    a += o.a, b += o.b, squares += o.squares, products += o.products;
    return *this;
  }
};

// One row of blocks of samples of up to 12 bits; strides in samples. Columns are summed first, in loops
// that the compiler turns into vectors.
template <typename T>
void sum_blocks(const T* a, std::ptrdiff_t stride_a, const T* b, std::ptrdiff_t stride_b, int blocks,
                std::vector<std::uint32_t>& columns, std::vector<Sums>& out) {
  const auto width = static_cast<std::size_t>(blocks) * 4;
  columns.assign(width * 4, 0);
  auto* sa = columns.data();
  auto* sb = sa + width;
  auto* squares = sb + width;
  auto* products = squares + width;
  for (int row = 0; row < 4; ++row) {
    for (std::size_t x = 0; x < width; ++x) {
      const std::uint32_t va = a[x];
      const std::uint32_t vb = b[x];
      sa[x] += va;
      sb[x] += vb;
      squares[x] += va * va + vb * vb;
      products[x] += va * vb;
    }
    a += stride_a;
    b += stride_b;
  }
  for (std::size_t i = 0; i < static_cast<std::size_t>(blocks); ++i) {
    const auto four = [i](const std::uint32_t* v) {
      return static_cast<std::int64_t>(v[4 * i]) + v[4 * i + 1] + v[4 * i + 2] + v[4 * i + 3];
    };
    out[i] = {four(sa), four(sb), four(squares), four(products)};
  }
}

}  // namespace vf::media::verify
