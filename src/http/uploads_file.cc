#include "http/uploads_file.h"

#include <cerrno>
#include <charconv>

#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>

namespace vf::http {
namespace {

namespace fs = std::filesystem;

// The disk begins to write when so much waits, so that the last sync has little left.
constexpr std::int64_t kWriteBehind = 16LL << 20;
// A hash is a few hundred bytes; uploads beyond these are read once more when they are whole.
constexpr std::size_t kMostHashes = 10'000;

// So much of one long request is sent again at most after a crash.
constexpr std::int64_t kKeepEvery = 64LL << 20;

fs::path mark_path(const fs::path& path) { return path.string() + ".kept"; }

// Nothing where there is no mark. One without a number is of an upload that has no bytes yet.
Result<std::optional<std::int64_t>> read_mark(const fs::path& path) {
  auto text = read_whole(mark_path(path), 64);
  if (!text && text.error().code == ErrorCode::not_found) return std::nullopt;
  if (!text) return std::unexpected(std::move(text).error());
  std::int64_t kept = 0;
  std::from_chars(text->data(), text->data() + text->size(), kept);
  return kept;
}

// In place: a sector is written whole or not at all, and the number is always as long.
Result<void> write_mark(const fs::path& path, std::int64_t kept) {
  const UniqueFd fd(::open(mark_path(path).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
  if (!fd) return std::unexpected(system_error(errno, "open an upload"));
  VF_CHECK(write_all(fd.get(), fmt::format("{:020}\n", kept)));
  if (::fdatasync(fd.get()) != 0) return std::unexpected(system_error(errno, "write an upload to the disk"));
  return {};
}

}  // namespace

std::optional<RunningHashes::Known> RunningHashes::take(const std::string& id, std::int64_t size) {
  const std::lock_guard lock(mutex_);
  const auto found = waiting_.find(id);
  if (found == waiting_.end()) return std::nullopt;
  auto known = std::move(found->second);
  waiting_.erase(found);
  // Another process went on with the upload: what is known here is of the past.
  if (known.size != size) return std::nullopt;
  return known;
}

void RunningHashes::give(const std::string& id, Known known) {
  const std::lock_guard lock(mutex_);
  waiting_.insert_or_assign(id, std::move(known));
  if (waiting_.size() > kMostHashes) waiting_.erase(waiting_.begin());  // ids sort by age
}

void RunningHashes::forget(const std::string& id) {
  const std::lock_guard lock(mutex_);
  waiting_.erase(id);
}

UploadFile::UploadFile(UniqueFd fd, fs::path path, std::string id, RunningHashes& hashes)
    : fd_(std::move(fd)), path_(std::move(path)), id_(std::move(id)), hashes_(&hashes) {}

Result<void> UploadFile::create(const fs::path& folder, const std::string& id) {
  for (const auto& path : {mark_path(folder / id), folder / id})
    if (!UniqueFd(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644)))
      return std::unexpected(system_error(errno, "create an upload"));
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
  const auto mark = VF_TRY(read_mark(path_));
  auto known = hashes_->take(id_, size_);
  kept_ = mark.value_or(0);
  // A mark whose writing failed before its bytes were taken back.
  if (kept_ > size_) VF_CHECK(write_mark(path_, kept_ = size_));
  // Without a mark there is no saying which bytes were written.
  if (size_ > kept_ && !known) VF_CHECK(cut(kept_));
  if (::lseek(fd_.get(), size_, SEEK_SET) < 0)
    return std::unexpected(system_error(errno, "go to the end of an upload"));
  if (known) hash_ = std::move(known->hash);
  if (size_ == 0) hash_ = Sha256();
  if (size_ > kept_) VF_CHECK(keep());
  return {};
}

Result<std::int64_t> UploadFile::size_of(const fs::path& folder, const std::string& id, RunningHashes& hashes) {
  const auto path = folder / id;
  const auto kept = VF_TRY(read_mark(path)).value_or(0);
  const auto size = VF_TRY(file_size(VF_TRY(open_for_read(path)).get()));
  if (size <= kept) return size;
  auto file = open(folder, id, hashes);
  if (!file && file.error().code == ErrorCode::conflict) return kept;
  if (!file) return std::unexpected(std::move(file).error());
  return file->size();
}

void UploadFile::remove(const fs::path& folder, const std::string& id) {
  std::error_code ignored;
  const auto path = folder / id;
  fs::remove(path, ignored);
  fs::remove(mark_path(path), ignored);
}

UploadFile::~UploadFile() {
  if (!fd_ || !hashes_) return;
  if (trial_ && !undo_trial()) return;
  hashes_->give(id_, {size_, std::move(hash_)});
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
  return !trial_ && size_ - kept_ >= kKeepEvery ? keep() : Result<void>();
}

Result<void> UploadFile::keep() {
  if (::fdatasync(fd_.get()) != 0) return std::unexpected(system_error(errno, "write an upload to the disk"));
  if (size_ != kept_) VF_CHECK(write_mark(path_, size_));
  kept_ = size_;
  trial_.reset();
  return {};
}

Result<void> UploadFile::cut(std::int64_t size) {
  if (::ftruncate(fd_.get(), size) != 0) return std::unexpected(system_error(errno, "cut back an upload"));
  if (::lseek(fd_.get(), size, SEEK_SET) < 0) return std::unexpected(system_error(errno, "go to the end of an upload"));
  size_ = size;
  return {};
}

void UploadFile::begin_trial() { trial_.emplace(size_, hash_ ? std::optional(hash_->copy()) : std::nullopt); }

Result<void> UploadFile::undo_trial() {
  auto trial = std::move(*trial_);
  trial_.reset();
  hash_ = std::move(trial.hash);
  return cut(trial.from);
}

void UploadFile::discard() {
  hashes_ = nullptr;
  remove(path_.parent_path(), id_);
}

std::string UploadFile::sha256() const { return hash_ ? hash_->copy().finish() : std::string(); }

}  // namespace vf::http
