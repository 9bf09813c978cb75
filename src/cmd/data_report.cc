#include "cmd/data_report.h"

#include <fmt/format.h>

#include "cmd/command.h"

namespace vf::cmd {

void print_data_report(const app::DataReport& report, bool repaired) {
  fmt::print("{}: {} blobs, {} missing, {} orphans ({}), {} rows of audit\n", report.folder, report.blobs,
             report.missing_blobs.size(), report.orphans, human_bytes(report.orphan_bytes), report.audit_rows);
  for (const auto& id : report.damaged_videos) fmt::print("! Video {} needs a blob that is missing.\n", id);
  if (!report.audit.empty()) fmt::print("! {}\n", report.audit);
  if (!report.audit_key.empty()) fmt::print("  {}\n", report.audit_key);
  for (const auto& said : report.repaired) fmt::print("{}\n", said);
  if (!report.healthy && !repaired) fmt::print("`videoforge doctor --data DIR --repair` mends what can be mended.\n");
}

}  // namespace vf::cmd
