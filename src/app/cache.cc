#include "app/cache.h"

#include <cmath>
#include <cstdlib>
#include <unordered_set>

#include "app/engine.h"
#include "blob/fs/fs_blob_store.h"
#include "store/sqlite/sqlite_checkpoint_store.h"

namespace vf::app {
namespace {

struct Opened {
  std::filesystem::path folder;
  std::unique_ptr<blob::BlobStore> blobs;
  std::unique_ptr<store::CheckpointStore> checkpoints;
};

Result<Opened> open(const std::filesystem::path& work) {
  Opened out;
  out.folder = work.empty() ? default_work_folder() : work;
  out.blobs = VF_TRY(blob::open_fs_blob_store(out.folder));
  out.checkpoints = VF_TRY(store::open_sqlite_checkpoint_store(out.folder / "checkpoints.db"));
  return out;
}

}  // namespace

Result<CacheReport> show_cache(const std::filesystem::path& work) {
  const auto opened = VF_TRY(open(work));
  const auto summary = VF_TRY(opened.checkpoints->summary());
  CacheReport report{opened.folder.string(), summary.checkpoints, summary.bytes, {}};
  for (const auto& kind : summary.kinds) report.kinds.push_back({kind.kind, kind.checkpoints, kind.bytes});
  return report;
}

Result<TrimReport> trim_cache(blob::BlobStore& blobs, store::CheckpointStore& checkpoints, std::int64_t max_bytes,
                              std::int64_t spare_seconds) {
  TrimReport report;
  report.removed_checkpoints = VF_TRY(checkpoints.trim(max_bytes, spare_seconds));
  const auto names = VF_TRY(checkpoints.referenced_blobs());
  const std::unordered_set<std::string> referenced(names.begin(), names.end());
  for (const auto& blob : VF_TRY(blobs.list())) {
    if (referenced.contains(blob.sha256) || blob.age_seconds < spare_seconds) {
      report.kept_bytes += blob.size;
      continue;
    }
    VF_CHECK(blobs.remove(blob.sha256));
    report.freed_bytes += blob.size;
  }
  return report;
}

Result<TrimReport> trim_cache(const std::filesystem::path& work, std::int64_t max_bytes) {
  const auto opened = VF_TRY(open(work));
  const auto folder = VF_TRY(open_folder(opened.folder));
  if (!try_lock(folder.get(), true))
    return fail(ErrorCode::conflict, fmt::format("Another videoforge is working in '{}'. Trim it when that has ended.",
                                                 opened.folder.string()));
  return trim_cache(*opened.blobs, *opened.checkpoints, max_bytes, 0);
}

Result<std::int64_t> parse_size(const std::string& text) {
  const auto wrong = [&] {
    return fail(ErrorCode::invalid_argument, fmt::format("'{}' is not a size. Write it like 500M or 10G.", text));
  };
  char* end = nullptr;
  const double number = std::strtod(text.c_str(), &end);
  if (end == text.c_str() || !(number >= 0)) return wrong();
  std::string unit(end);
  std::erase(unit, ' ');
  static constexpr std::string_view kUnits = "KMGT";
  double factor = 1;
  if (!unit.empty() && unit != "B") {
    const auto at = kUnits.find(static_cast<char>(std::toupper(unit[0])));
    const auto rest = unit.substr(1);
    if (at == std::string_view::npos || !(rest.empty() || rest == "B" || rest == "iB")) return wrong();
    factor = std::pow(1024.0, static_cast<double>(at + 1));
  }
  const double bytes = number * factor;
  return bytes < 9e18 ? Result<std::int64_t>(std::llround(bytes)) : wrong();
}

}  // namespace vf::app
