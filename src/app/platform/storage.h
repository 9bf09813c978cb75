// What a server or a worker keeps, opened: the data folder with its database, its blobs and its finished
// stages. Which engines stand behind the ports is known here and nowhere above.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "app/platform/config.h"
#include "blob/blob_store.h"
#include "http/accounts.h"
#include "store/assets.h"
#include "store/checkpoint_store.h"
#include "store/events.h"
#include "store/jobs.h"
#include "store/playlists.h"
#include "store/quotas.h"
#include "store/uploads.h"
#include "store/videos.h"

namespace vf::store {
class SqlitePool;
}

namespace vf::app {

struct Storage {
  std::filesystem::path folder;
  std::string secret;  // 32 bytes of this installation; content keys are derived from it
  std::unique_ptr<store::SqlitePool> pool;
  std::unique_ptr<blob::BlobStore> blobs;
  std::unique_ptr<store::CheckpointStore> checkpoints;
  std::unique_ptr<store::VideoStore> videos;
  std::unique_ptr<store::JobStore> jobs;
  std::unique_ptr<store::UploadStore> uploads;
  std::unique_ptr<store::PlaylistStore> playlists;
  std::unique_ptr<store::EventLog> events;
  std::unique_ptr<store::IdempotencyStore> idempotency;
  std::unique_ptr<store::AssetStore> assets;
  std::unique_ptr<store::UserStore> users;
  std::unique_ptr<store::SessionStore> sessions;
  std::unique_ptr<store::KeyStore> keys;
  std::unique_ptr<store::AuditStore> audit;
  std::unique_ptr<store::SecretStore> secrets;
  std::unique_ptr<store::PasskeyStore> passkeys;
  std::unique_ptr<store::QuotaStore> quotas;

  Storage();
  Storage(Storage&&) noexcept;
  ~Storage();

  std::filesystem::path uploads_dir() const { return folder / "uploads"; }
  std::filesystem::path workers_dir() const { return folder / "workers"; }
  http::AccountStores account_stores() const;
};

// Makes the folder where it is missing. Errors: invalid_argument (it cannot be written to), and what the
// database says.
Result<Storage> open_storage(const Config& config);

// The box that seals secrets at rest, by auth.encryption_key or a file in the data folder.
Result<auth::SecretBox> open_secret_box(const Config& config);
std::filesystem::path encryption_key_file(const Config& config);

}  // namespace vf::app
