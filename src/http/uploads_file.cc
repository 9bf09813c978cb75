#include "http/uploads_file.h"

#include <cerrno>
#include <charconv>

#include <fcntl.h>
#include <unistd.h>

namespace vf::http {
namespace {

namespace fs = std::filesystem;

// The disk begins to write when so much waits, so that the last sync has little left.
constexpr std::int64_t kWriteBehind = 16LL << 20;
// A hash is a few hundred bytes; uploads beyond these are read once more when they are whole.
constexpr std::size_t kMostHashes = 10'000;

fs::path trial_path(const fs::path& path) { return path.string() + ".trial"; }

// Where bytes on trial begin that a crash left.
Result<std::optional<std::int64_t>> trial_mark(const fs::path& path) {
  auto text = read_whole(trial_path(path), 64);
  if (!text && text.error().code == ErrorCode::not_found) return std::nullopt;
  if (!text) return std::unexpected(std::move(text).error());
  std::int64_t from = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), from);
  // A mark that is not whole was never followed by a byte: it is written and synced before them.
  if (error != std::errc() || end == text->data() + text->size() || *end != '\n') return std::nullopt;
  return from;
}

Result<void> cut(int fd, std::int64_t size) {
  if (::ftruncate(fd, size) != 0) return std::unexpected(system_error(errno, "cut back an upload"));
  if (::lseek(fd, size, SEEK_SET) < 0) return std::unexpected(system_error(errno, "go to the end of an upload"));
  return {};
}

}  // namespace

std::optional<Sha256> RunningHashes::take(const std::string& id, std::int64_t size) {
  if (size == 0) return Sha256();
  const std::lock_guard lock(mutex_);
  const auto found = waiting_.find(id);
  if (found == waiting_.end()) return std::nullopt;
  auto waiting = std::move(found->second);
  waiting_.erase(found);
  // Another process went on with the upload: what is known here is of the past.
  if (waiting.size != size) return std::nullopt;
  return std::move(waiting.hash);
}

void RunningHashes::give(const std::string& id, std::int64_t size, Sha256 hash) {
  const std::lock_guard lock(mutex_);
  waiting_.insert_or_assign(id, Waiting{size, std::move(hash)});
  if (waiting_.size() > kMostHashes) waiting_.erase(waiting_.begin());  // ids sort by age
}

void RunningHashes::forget(const std::string& id) {
  const std::lock_guard lock(mutex_);
  waiting_.erase(id);
}

UploadFile::UploadFile(UniqueFd fd, fs::path path, std::string id, RunningHashes& hashes)
    : fd_(std::move(fd)), path_(std::move(path)), id_(std::move(id)), hashes_(&hashes) {}

Result<void> UploadFile::create(const fs::path& folder, const std::string& id) {
  VF_TRY(create_new(folder / id));
  return sync_folder(folder);
}

Result<UploadFile> UploadFile::open(const fs::path& folder, const std::string& id, RunningHashes& hashes) {
  auto path = folder / id;
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (!fd && errno == ENOENT) return fail(ErrorCode::not_found, "This upload has no bytes any more; begin a new one.");
  if (!fd) return std::unexpected(system_error(errno, "open an upload"));
  if (!try_lock(fd.get(), true))
    return fail(ErrorCode::conflict, "Another request is writing to this upload; try again when it has ended.");
  UploadFile out(std::move(fd), std::move(path), id, hashes);
  VF_CHECK(out.recover());
  return out;
}

Result<void> UploadFile::recover() {
  size_ = VF_TRY(file_size(fd_.get()));
  if (const auto from = VF_TRY(trial_mark(path_)); from && *from < size_) {
    VF_CHECK(cut(fd_.get(), *from));
    size_ = *from;
    VF_CHECK(sync());
  }
  std::error_code ignored;
  fs::remove(trial_path(path_), ignored);
  if (::lseek(fd_.get(), size_, SEEK_SET) < 0)
    return std::unexpected(system_error(errno, "go to the end of an upload"));
  hash_ = hashes_->take(id_, size_);
  return {};
}

Result<std::int64_t> UploadFile::size_of(const fs::path& folder, const std::string& id) {
  const auto path = folder / id;
  const auto mark = VF_TRY(trial_mark(path));
  const auto fd = VF_TRY(open_for_read(path));
  // What a client is told to be there must be there after a crash as well.
  if (::fdatasync(fd.get()) != 0) return std::unexpected(system_error(errno, "write an upload to the disk"));
  const auto size = VF_TRY(file_size(fd.get()));
  return mark ? std::min(*mark, size) : size;
}

void UploadFile::remove(const fs::path& folder, const std::string& id) {
  std::error_code ignored;
  const auto path = folder / id;
  fs::remove(path, ignored);
  fs::remove(trial_path(path), ignored);
}

UploadFile::~UploadFile() {
  if (!fd_) return;
  if (trial_) (void)undo_trial();
  if (hash_) hashes_->give(id_, size_, std::move(*hash_));
}

Result<void> UploadFile::write(std::span<const std::uint8_t> bytes) {
  if (auto written = write_all(fd_.get(), bytes); !written) {
    // Some of them may be there: they are the client's, but the hash does not know them.
    hash_.reset();
    if (const auto size = file_size(fd_.get())) size_ = *size;
    return written;
  }
  size_ += static_cast<std::int64_t>(bytes.size());
  if (hash_) hash_->update(bytes);
  unsynced_ += static_cast<std::int64_t>(bytes.size());
  if (unsynced_ >= kWriteBehind) {
    (void)::sync_file_range(fd_.get(), size_ - unsynced_, unsynced_, SYNC_FILE_RANGE_WRITE);
    unsynced_ = 0;
  }
  return {};
}

Result<void> UploadFile::sync() {
  if (::fdatasync(fd_.get()) != 0) return std::unexpected(system_error(errno, "write an upload to the disk"));
  return {};
}

Result<void> UploadFile::begin_trial() {
  VF_CHECK(write_file_atomically(trial_path(path_), std::to_string(size_) + '\n'));
  VF_CHECK(sync_folder(path_.parent_path()));
  trial_.emplace(size_, hash_ ? std::optional(hash_->copy()) : std::nullopt);
  return {};
}

Result<void> UploadFile::keep_trial() {
  std::error_code failed;
  fs::remove(trial_path(path_), failed);
  if (failed) return std::unexpected(system_error(failed.value(), "write an upload to the disk"));
  VF_CHECK(sync_folder(path_.parent_path()));
  trial_.reset();
  return {};
}

Result<void> UploadFile::undo_trial() {
  auto trial = std::move(*trial_);
  trial_.reset();
  hash_ = std::move(trial.hash);
  size_ = trial.from;
  VF_CHECK(cut(fd_.get(), trial.from));
  VF_CHECK(sync());
  std::error_code ignored;
  fs::remove(trial_path(path_), ignored);
  return {};
}

void UploadFile::discard() {
  hash_.reset();
  trial_.reset();
  remove(path_.parent_path(), id_);
}

std::string UploadFile::sha256() const { return hash_ ? hash_->copy().finish() : std::string(); }

}  // namespace vf::http
