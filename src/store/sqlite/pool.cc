#include "store/sqlite/pool.h"

namespace vf::store {

Result<std::unique_ptr<SqlitePool>> SqlitePool::open(const std::filesystem::path& path, int readers) {
  std::unique_ptr<SqlitePool> pool(new SqlitePool(path.parent_path().string(), VF_TRY(Database::open(path))));
  for (int i = 0; i < std::max(1, readers); ++i)
    pool->idle_readers_.push_back(std::make_unique<Database>(VF_TRY(Database::open(path))));
  return pool;
}

Error SqlitePool::without_place(Error error) const {
  if (folder_.empty() || !error.message.contains(folder_)) return error;
  error.detail = error.message + (error.detail.empty() ? "" : " " + error.detail);
  error.message = "The server's database cannot be read or written at this moment; try again later.";
  return error;
}

SqlitePool::Turn::Turn(SqlitePool& pool) : pool_(pool) {
  std::unique_lock lock(pool_.mutex_);
  const auto ticket = pool_.next_ticket_++;
  pool_.changed_.wait(lock, [&] { return pool_.served_ == ticket; });
}

SqlitePool::Turn::~Turn() {
  {
    const std::scoped_lock lock(pool_.mutex_);
    ++pool_.served_;
  }
  pool_.changed_.notify_all();
}

SqlitePool::Borrowed::Borrowed(SqlitePool& pool) : pool_(pool) {
  std::unique_lock lock(pool_.mutex_);
  pool_.changed_.wait(lock, [&] { return !pool_.idle_readers_.empty(); });
  database_ = std::move(pool_.idle_readers_.back());
  pool_.idle_readers_.pop_back();
}

SqlitePool::Borrowed::~Borrowed() {
  {
    const std::scoped_lock lock(pool_.mutex_);
    pool_.idle_readers_.push_back(std::move(database_));
  }
  pool_.changed_.notify_all();
}

}  // namespace vf::store
