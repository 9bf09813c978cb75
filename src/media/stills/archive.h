// The end of an archive of frames: frames.json, which lists them, and the directory.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "media/probe/media_info.h"
#include "media/stills/extract.h"

namespace vf::media::stills {

inline constexpr const char* kFrameListName = "frames.json";

struct ArchiveSpec {
  json::value head;  // an object: what frames.json says of the source and the pictures, before the list
  Naming naming;
  std::vector<Warning> warnings;  // what was known before: of the source
};
BOOST_DESCRIBE_STRUCT(ArchiveSpec, (), (head, naming, warnings))

struct Archive {
  std::int64_t frames = 0;
  std::int64_t lost = 0;          // wanted, and not decoded
  std::int64_t damaged = 0;       // decoded with something concealed
  std::int64_t bytes = 0;         // of the whole archive
  std::int64_t list_offset = 0;   // of frames.json's bytes in what was written to `list_fd`
  std::vector<Warning> warnings;  // all of them, each with times
};
BOOST_DESCRIBE_STRUCT(Archive, (), (frames, lost, damaged, bytes, list_offset, warnings))

// Appends frames.json as the last member to `list_fd`, and the directory to `directory_fd`. `pieces` are
// those of the archive, in order. Errors: invalid_input where there is not one frame.
Result<Archive> write_archive_end(const ArchiveSpec& spec, std::span<const Extracted> pieces, int list_fd,
                                  int directory_fd);

}  // namespace vf::media::stills
