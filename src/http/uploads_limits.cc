// What an upload may take: of the server at once, of its account, of the disk. Each refusal says the bound
// and what is used of it, before a byte was received.
#include <filesystem>

#include <fmt/format.h>

#include "http/message/problem.h"
#include "http/quotas.h"
#include "http/uploads.h"

namespace vf::http {
namespace {

// Bytes that open uploads were promised and have not written yet.
Result<std::int64_t> promised_bytes(Platform& platform) {
  std::int64_t sum = 0;
  for (const auto& open : VF_TRY(platform.uploads.open())) {
    if (!open.size) continue;
    std::error_code missing;
    const auto there = std::filesystem::file_size(platform.uploads_dir / open.id, missing);
    sum += std::max<std::int64_t>(0, *open.size - (missing ? 0 : static_cast<std::int64_t>(there)));
  }
  return sum;
}

std::optional<Response> beyond_disk(Platform& platform, const Request& request, std::int64_t size) {
  std::error_code failed;
  const auto space = std::filesystem::space(platform.uploads_dir, failed);
  if (failed) return problem(request, system_error(failed.value(), "ask for free space"));
  const auto promised = promised_bytes(platform);
  if (!promised) return problem(request, promised.error());
  const auto margin = platform.options.disk_margin_bytes;
  const auto free = static_cast<std::int64_t>(space.available);
  if (size <= free - margin - *promised) return std::nullopt;
  return problem(
      request, 507, to_string(ErrorCode::no_space),
      fmt::format("The upload needs {} bytes. The disk has {} free, of which {} are promised to other uploads "
                  "and {} are kept in reserve; free some space or try again later.",
                  size, free, *promised, margin));
}

}  // namespace

std::optional<Response> refuse_upload(Platform& platform, const Request& request, const std::string& owner,
                                      std::optional<std::int64_t> size, bool begins) {
  const auto bytes = size.value_or(0);
  if (bytes > platform.options.max_upload_bytes)
    return problem(request, 413, to_string(ErrorCode::limit_exceeded),
                   fmt::format("The upload has {} bytes; this server takes at most {}.", bytes,
                               platform.options.max_upload_bytes));
  if (platform.quotas)
    if (auto no = platform.quotas->refuse(request, owner, {.bytes = bytes, .upload = begins})) return no;
  return beyond_disk(platform, request, bytes);
}

}  // namespace vf::http
