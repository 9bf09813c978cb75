#include "app/platform/storage.h"

#include <algorithm>

#include <unistd.h>

#include <fmt/format.h>

#include "app/engine.h"
#include "app/work_secret.h"
#include "blob/fs/fs_blob_store.h"
#include "store/sqlite/sqlite_assets.h"
#include "store/sqlite/sqlite_audit.h"
#include "store/sqlite/sqlite_checkpoint_store.h"
#include "store/sqlite/sqlite_jobs.h"
#include "store/sqlite/sqlite_keys.h"
#include "store/sqlite/sqlite_passkeys.h"
#include "store/sqlite/sqlite_quotas.h"
#include "store/sqlite/sqlite_sessions.h"
#include "store/sqlite/sqlite_users.h"
#include "store/sqlite/sqlite_videos.h"

namespace vf::app {
namespace {

// Names in the data folder, and its own, outlive a loss of power from here on; also those that a process made which
// was killed before it came to this.
Result<void> keep_names(const std::filesystem::path& folder) {
  VF_CHECK(sync_folder(folder));
  const auto above = (folder / "").parent_path().parent_path();  // the same with a slash at the end
  // Where this user may not read, somebody else made the folder, and long ago.
  return ::access(above.c_str(), R_OK) == 0 ? sync_folder(above) : Result<void>();
}

}  // namespace

Storage::Storage() = default;
Storage::Storage(Storage&&) noexcept = default;
Storage::~Storage() = default;

http::AccountStores Storage::account_stores() const {
  return {*users, *sessions, *keys, *audit, *secrets, passkeys.get()};
}

Result<Storage> open_storage(const Config& config) {
  Storage out;
  out.folder = std::filesystem::absolute(config.data());
  std::error_code ignored;
  const bool is_new = !std::filesystem::exists(out.folder, ignored);
  if (auto made = make_folder(out.folder / "blobs"); !made)
    return fail(ErrorCode::invalid_argument,
                fmt::format("The data folder '{}' cannot be made or written to. Name another with --data DIR.",
                            out.folder.string()),
                made.error().message);
  // Hashes, films, logs: nobody else's on this machine. Rights that somebody gave on purpose stay.
  if (is_new) std::filesystem::permissions(out.folder, std::filesystem::perms::owner_all, ignored);
  VF_CHECK(make_folder(out.uploads_dir()));
  // One for each thread that may ask (http/server/options.h): those that serve sockets are not to wait for one.
  const int readers = std::clamp(usable_processors() * 3, 6, 40);
  out.pool = VF_TRY(store::SqlitePool::open(out.folder / "videoforge.db", readers));
  out.blobs = VF_TRY(blob::open_fs_blob_store(out.folder));
  out.checkpoints = VF_TRY(store::open_sqlite_checkpoint_store(out.folder / "checkpoints.db"));
  out.secret = VF_TRY(work_secret(out.folder));
  VF_CHECK(keep_names(out.folder));
  auto& pool = *out.pool;
  out.videos = std::make_unique<store::SqliteVideoStore>(pool);
  out.jobs = std::make_unique<store::SqliteJobStore>(pool);
  out.uploads = std::make_unique<store::SqliteUploadStore>(pool);
  out.playlists = std::make_unique<store::SqlitePlaylistStore>(pool);
  out.events = std::make_unique<store::SqliteEventLog>(pool);
  out.idempotency = std::make_unique<store::SqliteIdempotencyStore>(pool);
  out.assets = store::sqlite_asset_store(pool);
  out.users = store::sqlite_user_store(pool);
  out.sessions = store::sqlite_session_store(pool);
  out.keys = store::sqlite_key_store(pool);
  out.audit = store::sqlite_audit_store(pool);
  out.secrets = store::sqlite_secret_store(pool);
  out.passkeys = store::sqlite_passkey_store(pool);
  out.quotas = store::sqlite_quota_store(pool);
  return out;
}

Result<auth::SecretBox> open_secret_box(const Config& config) {
  const auto& text = config.text("auth.encryption_key");
  if (!text.empty()) return auth::SecretBox::from_text(text);
  return auth::SecretBox::open(encryption_key_file(config));
}

std::filesystem::path encryption_key_file(const Config& config) {
  return std::filesystem::absolute(config.data()) / "encryption.keys";
}

}  // namespace vf::app
