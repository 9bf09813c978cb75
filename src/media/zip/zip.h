// ZIP archives (PKWARE APPNOTE 6.3) of members that are stored as they are, in pieces that can be
// written one after the other by different processes: each member is a local header and its bytes, and
// the directory at the end says where they stand. Nothing is written twice and nothing is patched.
//
// ZIP64 records stand where a size or an offset passes 4 GiB or the members pass 65,535, and only
// there. Dates are 1 January 1980, so that the same members give the same bytes.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace vf::media::zip {

// CRC-32 of ISO 3309, as ZIP and PNG use it; `before` continues an earlier one.
std::uint32_t crc32(std::span<const std::uint8_t> bytes, std::uint32_t before = 0);

struct Member {
  std::string name;       // UTF-8, relative, with '/' between folders
  std::int64_t size = 0;  // bytes
  std::uint32_t crc = 0;
};

// What stands before a member's bytes.
std::string local_header(const Member& member);

// The end of an archive whose members stand one after the other from offset 0, in the order of add().
class Directory {
 public:
  void add(const Member& member);

  std::int64_t members() const { return members_; }
  // Bytes of all members with their headers: where the directory begins.
  std::int64_t size() const { return offset_; }
  // The directory with its end records; to be called once, after the last add().
  std::string finish() &&;

 private:
  std::string entries_;
  std::int64_t members_ = 0;
  std::int64_t offset_ = 0;
};

}  // namespace vf::media::zip
