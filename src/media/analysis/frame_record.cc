#include "media/analysis/frame_record.h"

#include <cstring>

#include "base/fd.h"

namespace vf::media::analysis {
namespace {

constexpr std::int64_t kMaxBytes = 1LL << 30;

}  // namespace

Result<void> write_records(int fd, const std::vector<FrameRecord>& records) {
  return write_all(
      fd, std::string_view(reinterpret_cast<const char*>(records.data()), records.size() * sizeof(FrameRecord)));
}

Result<std::vector<FrameRecord>> read_records(int fd) {
  const auto bytes = VF_TRY(read_whole(fd, kMaxBytes));
  if (bytes.size() % sizeof(FrameRecord) != 0)
    return fail(ErrorCode::internal, "The measurements of a chunk are cut off.");
  std::vector<FrameRecord> out(bytes.size() / sizeof(FrameRecord));
  if (!out.empty()) std::memcpy(out.data(), bytes.data(), bytes.size());
  return out;
}

}  // namespace vf::media::analysis
