// Blobs in a local folder: blobs/ab/abcd... (the hash), and tmp/ for what is being written.
#pragma once

#include <filesystem>
#include <memory>

#include "blob/blob_store.h"

namespace vf::blob {

// Creates the folders where they are missing and clears what crashed processes left in tmp/.
Result<std::unique_ptr<BlobStore>> open_fs_blob_store(const std::filesystem::path& root);

}  // namespace vf::blob
