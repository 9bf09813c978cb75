// What crashes and people who went away leave of uploads.
#include <map>

#include "base/uuid.h"
#include "http/uploads.h"

namespace vf::http {
namespace {

namespace fs = std::filesystem;

constexpr int kMostAtOnce = 1000;
constexpr std::size_t kIdLength = 36;

// Nobody is writing to it now, and while the answer lives nobody begins to.
std::optional<UploadFile> take(Platform& platform, const std::string& id, RunningHashes& hashes) {
  auto file = UploadFile::open(platform.uploads_dir, id, hashes);
  if (!file) return std::nullopt;
  return std::move(*file);
}

bool has_file(const Platform& platform, const std::string& id) {
  std::error_code ignored;
  return fs::exists(platform.uploads_dir / id, ignored);
}

int remove_expired(UploadContext& context) {
  auto& platform = context.platform;
  const auto ids = platform.uploads.expired(platform.now_ms(), kMostAtOnce);
  int removed = 0;
  for (const auto& id : ids.value_or(std::vector<std::string>())) {
    const auto file = take(platform, id, context.hashes);
    if (!file && has_file(platform, id)) continue;
    if (drop_upload(context, id)) ++removed;
  }
  return removed;
}

// The server stopped between the last byte and the video, and the client may never ask again.
void finish_whole(UploadContext& context) {
  auto& platform = context.platform;
  const auto open = platform.uploads.open();
  if (!open) return;
  for (const auto& [id, protocol, size] : *open) {
    if (protocol != "tus" || !size || *size == 0) continue;
    std::error_code missing;
    if (static_cast<std::int64_t>(fs::file_size(platform.uploads_dir / id, missing)) != *size || missing) continue;
    auto file = take(platform, id, context.hashes);
    if (!file || file->size() != *size) continue;
    const auto upload = platform.uploads.find(id);
    if (!upload || !*upload || (*upload)->state != "open") continue;
    (void)accept_upload(platform, **upload, *file, make_uuid());
  }
}

// Files whose upload is done or gone: a row goes after its file, so only a crash leaves them.
void remove_strays(UploadContext& context) {
  auto& platform = context.platform;
  std::map<std::string, std::vector<fs::path>> files;
  std::error_code ec;
  for (auto at = fs::directory_iterator(platform.uploads_dir, ec); !ec && at != fs::directory_iterator();
       at.increment(ec))
    if (const auto id = at->path().filename().string().substr(0, kIdLength); is_uuid(id))
      files[id].push_back(at->path());
  for (const auto& [id, paths] : files) {
    const auto row = platform.uploads.find(id);
    if (!row || (*row && (*row)->state == "open")) continue;
    const auto file = take(platform, id, context.hashes);
    if (!file && has_file(platform, id)) continue;
    for (const auto& path : paths) fs::remove(path, ec);
  }
}

}  // namespace

int sweep_uploads(Platform& platform) {
  UploadContext context(platform);
  const int removed = remove_expired(context);
  finish_whole(context);
  remove_strays(context);
  return removed;
}

}  // namespace vf::http
