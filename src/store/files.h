// What a video or a job offers for playback or download: names over parts of blobs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"

namespace vf::store {

struct FilePart {
  std::string sha256;
  std::int64_t offset = 0;     // bytes
  std::int64_t size = 0;       // bytes of this part
  std::int64_t blob_size = 0;  // bytes of the whole blob
};
BOOST_DESCRIBE_STRUCT(FilePart, (), (sha256, offset, size, blob_size))

struct FileRow {
  std::string name;
  std::string content_type;
  std::int64_t size = 0;
  std::string etag;  // without quotes; follows from the bytes
  std::vector<FilePart> parts;
};

// The etag of such parts: the blob's own hash where the file is one whole blob.
std::string etag_of(const std::vector<FilePart>& parts);

}  // namespace vf::store
