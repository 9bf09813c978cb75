// Appends boxes of ISO/IEC 14496-12 4.2 to a string: big-endian numbers, sizes filled in when a box's
// scope ends. Internal to media/package.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace vf::media {

class BoxWriter {
 public:
  explicit BoxWriter(std::string& out) : out_(out) {}

  // Writes the size of its box when it goes.
  class Scope {
   public:
    Scope(std::string& out, std::size_t begin) : out_(out), begin_(begin) {}
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;
    ~Scope() {
      const auto size = out_.size() - begin_;
      for (std::size_t i = 0; i < 4; ++i) out_[begin_ + i] = static_cast<char>(size >> (24 - 8 * i));
    }

   private:
    std::string& out_;
    std::size_t begin_;
  };

  [[nodiscard]] Scope box(std::string_view type) {
    const auto begin = out_.size();
    u32(0);
    out_ += type;
    return {out_, begin};
  }

  [[nodiscard]] Scope full_box(std::string_view type, std::uint8_t version, std::uint32_t flags) {
    const auto begin = out_.size();
    u32(0);
    out_ += type;
    u32(std::uint32_t{version} << 24 | flags);
    return {out_, begin};
  }

  void u8(std::uint64_t v) { number(v, 1); }
  void u16(std::uint64_t v) { number(v, 2); }
  void u24(std::uint64_t v) { number(v, 3); }
  void u32(std::uint64_t v) { number(v, 4); }
  void u64(std::uint64_t v) { number(v, 8); }
  void zeros(std::size_t count) { out_.append(count, '\0'); }
  void text(std::string_view bytes) { out_ += bytes; }
  void bytes(std::span<const std::uint8_t> data) {
    out_.append(reinterpret_cast<const char*>(data.data()), data.size());
  }

  std::size_t size() const { return out_.size(); }

  // Overwrites four bytes written before.
  void patch_u32(std::size_t at, std::uint32_t v) {
    for (std::size_t i = 0; i < 4; ++i) out_[at + i] = static_cast<char>(v >> (24 - 8 * i));
  }

 private:
  void number(std::uint64_t v, int bytes) {
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) out_ += static_cast<char>(v >> shift);
  }

  std::string& out_;
};

}  // namespace vf::media
