#include "media/zip/zip.h"

#include <libdeflate.h>

namespace vf::media::zip {
namespace {

constexpr std::int64_t kMax32 = 0xFFFFFFFF;
constexpr std::int64_t kMax16 = 0xFFFF;
constexpr int kVersionPlain = 20;
constexpr int kVersionZip64 = 45;
constexpr int kMadeByUnix = 3 << 8;
constexpr int kNamesAreUtf8 = 1 << 11;
constexpr int kStored = 0;
constexpr int kFirstDate = 1 << 5 | 1;                // 1 January 1980
constexpr std::uint32_t kPlainFile = 0100644U << 16;  // -rw-r--r--
constexpr int kZip64Extra = 1;

// Appends little-endian numbers.
class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}
  Writer& u16(std::int64_t v) { return number(v, 2); }
  Writer& u32(std::int64_t v) { return number(v, 4); }
  Writer& u64(std::int64_t v) { return number(v, 8); }
  Writer& text(std::string_view v) {
    out_ += v;
    return *this;
  }

 private:
  Writer& number(std::int64_t v, int bytes) {
    for (int i = 0; i < bytes; ++i) out_ += static_cast<char>(static_cast<std::uint64_t>(v) >> (8 * i) & 0xFF);
    return *this;
  }
  std::string& out_;
};

// A value that does not fit its field stands in the ZIP64 extra instead.
std::int64_t field32(std::int64_t v) { return v >= kMax32 ? kMax32 : v; }

}  // namespace

std::uint32_t crc32(std::span<const std::uint8_t> bytes, std::uint32_t before) {
  return libdeflate_crc32(before, bytes.data(), bytes.size());
}

std::string local_header(const Member& m) {
  const bool large = m.size >= kMax32;
  std::string out;
  Writer w(out);
  w.text("PK\x03\x04").u16(large ? kVersionZip64 : kVersionPlain).u16(kNamesAreUtf8).u16(kStored);
  w.u16(0).u16(kFirstDate).u32(m.crc).u32(field32(m.size)).u32(field32(m.size));
  w.u16(static_cast<std::int64_t>(m.name.size())).u16(large ? 20 : 0).text(m.name);
  if (large) w.u16(kZip64Extra).u16(16).u64(m.size).u64(m.size);
  return out;
}

void Directory::add(const Member& m) {
  const bool large = m.size >= kMax32;
  const bool far = offset_ >= kMax32;
  const int extra = (large ? 16 : 0) + (far ? 8 : 0);
  const int version = extra > 0 ? kVersionZip64 : kVersionPlain;
  Writer w(entries_);
  w.text("PK\x01\x02").u16(kMadeByUnix | version).u16(version).u16(kNamesAreUtf8).u16(kStored);
  w.u16(0).u16(kFirstDate).u32(m.crc).u32(field32(m.size)).u32(field32(m.size));
  w.u16(static_cast<std::int64_t>(m.name.size())).u16(extra > 0 ? extra + 4 : 0).u16(0);
  w.u16(0).u16(0).u32(kPlainFile).u32(field32(offset_)).text(m.name);
  if (extra > 0) w.u16(kZip64Extra).u16(extra);
  if (large) w.u64(m.size).u64(m.size);
  if (far) w.u64(offset_);
  ++members_;
  offset_ += static_cast<std::int64_t>(local_header(m).size()) + m.size;
}

std::string Directory::finish() && {
  const auto size = static_cast<std::int64_t>(entries_.size());
  Writer w(entries_);
  if (members_ >= kMax16 || offset_ >= kMax32 || size >= kMax32) {
    w.text("PK\x06\x06").u64(44).u16(kMadeByUnix | kVersionZip64).u16(kVersionZip64).u32(0).u32(0);
    w.u64(members_).u64(members_).u64(size).u64(offset_);
    w.text("PK\x06\x07").u32(0).u64(offset_ + size).u32(1);
  }
  const auto count = members_ >= kMax16 ? kMax16 : members_;
  w.text("PK\x05\x06").u16(0).u16(0).u16(count).u16(count).u32(field32(size)).u32(field32(offset_)).u16(0);
  return std::move(entries_);
}

}  // namespace vf::media::zip
