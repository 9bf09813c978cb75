// Results on their way to a person: files made of blobs, and single files that get their name when
// they are whole.
#pragma once

#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "blob/blob_store.h"

namespace vf::app {

// A part of a blob.
struct BlobSlice {
  jobs::BlobRef blob;
  std::int64_t offset = 0;  // bytes
  std::int64_t size = 0;
};

// A file of a result: blobs one after the other, then a part of one, then text.
struct PublishedFile {
  std::string name;
  std::vector<jobs::BlobRef> pieces;
  std::string text;
  std::optional<BlobSlice> slice = {};
};

// Appends the file's bytes where `fd` stands; `fd` may be a pipe.
Result<void> write_pieces(int fd, const PublishedFile& file, blob::BlobStore& blobs, const std::stop_token& stop);

// Whether a single result may get this name. Errors: invalid_argument (exit 2) where it is a folder, where
// its folder is missing or cannot be written to, where it is one of the `inputs`, and where it exists and
// nobody said that it may be replaced.
Result<void> check_output_file(const std::filesystem::path& path, bool replace,
                               const std::vector<std::filesystem::path>& inputs);

// Writes a single result aside and gives it its name at the end; `file.name` is not used. Errors:
// no_space, conflict (somebody else made a file of this name meanwhile), and what the file system says.
Result<void> publish_file(const std::filesystem::path& path, const PublishedFile& file, bool replace,
                          blob::BlobStore& blobs, const std::stop_token& stop);

}  // namespace vf::app
