// Files as the platform serves them: rows that say which bytes of which blobs a name stands for.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "app/output_file.h"
#include "blob/blob_store.h"
#include "jobs/plan.h"
#include "store/files.h"

namespace vf::app {

// What a name is served as.
std::string content_type_of(const std::string& name);

// Bytes of the program's own as a blob.
Result<jobs::BlobRef> keep_text(blob::BlobStore& blobs, std::string_view text);

// A file's text becomes a blob on the way.
Result<store::FileRow> file_row(blob::BlobStore& blobs, const PublishedFile& file);

// What can be watched so far, by what a stage of the kind `grow` left. `inputs`: of that stage, by id.
struct Grown {
  std::vector<store::FileRow> files;
  double seconds = 0;
};
// Errors: internal where the stage's result does not fit its inputs.
Result<Grown> grown_files(const jobs::Stage& stage, const jobs::StageOutput& output,
                          const std::map<std::string, jobs::StageOutput>& inputs);

}  // namespace vf::app
