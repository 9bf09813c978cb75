#include "media/compare/pair_record.h"

#include <cstring>

#include "base/fd.h"

namespace vf::media::compare {
namespace {

constexpr std::int64_t kMaxBytes = 1LL << 30;

}  // namespace

Result<void> write_pairs(int fd, const std::vector<PairRecord>& pairs) {
  return write_all(fd,
                   std::string_view(reinterpret_cast<const char*>(pairs.data()), pairs.size() * sizeof(PairRecord)));
}

Result<std::vector<PairRecord>> read_pairs(int fd) {
  const auto bytes = VF_TRY(read_whole(fd, kMaxBytes));
  if (bytes.size() % sizeof(PairRecord) != 0) return fail(ErrorCode::internal, "The scores of a chunk are cut off.");
  std::vector<PairRecord> out(bytes.size() / sizeof(PairRecord));
  if (!out.empty()) std::memcpy(out.data(), bytes.data(), bytes.size());
  return out;
}

}  // namespace vf::media::compare
