// Checkpoints in one SQLite file. Several processes on one host may share it.
#pragma once

#include <filesystem>
#include <memory>

#include "store/checkpoint_store.h"

namespace vf::store {

Result<std::unique_ptr<CheckpointStore>> open_sqlite_checkpoint_store(const std::filesystem::path& path);

}  // namespace vf::store
