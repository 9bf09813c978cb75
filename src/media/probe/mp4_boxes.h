// A bounded walk over the boxes of an MP4 or MOV file (ISO/IEC 14496-12, QuickTime File Format), for
// what libav does not tell: the order of index and media, edit lists as written, encryption, and
// whether the file ends before its boxes do. Reads box headers and small boxes only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"

namespace vf::media {

struct Mp4Edit {
  double media_seconds = 0;  // -1 = an empty edit
  double duration_seconds = 0;
};

struct Mp4Track {
  std::uint32_t id = 0;        // track_ID of `tkhd`, libav's AVStream::id
  std::string handler;         // "vide", "soun" ...
  std::string sample_entry;    // the first of `stsd`: "avc1", "encv" ...
  std::string protection;      // scheme of an encrypted entry ("cenc", "cbcs"); empty = in the clear
  std::vector<Mp4Edit> edits;  // at most 256
};

struct Mp4Boxes {
  std::string brand;  // major brand of `ftyp`; empty without one
  bool has_moov = false;
  bool has_mdat = false;
  bool moov_first = false;         // before the first `mdat`
  bool moov_cut = false;           // the file ends inside it
  bool fragmented = false;         // `mvex` or `moof`
  bool refers_elsewhere = false;   // a QuickTime reference movie (`rmra`)
  std::int64_t missing_bytes = 0;  // the last box promises this much beyond the end of the file
  std::vector<Mp4Track> tracks;    // at most 1000
};

// Nothing when the file does not begin like MP4 or MOV. Errors: only those of reading the descriptor.
Result<std::optional<Mp4Boxes>> read_mp4_boxes(int fd);

}  // namespace vf::media
