// The connections of one process to one SQLite file: one that writes, several that read. The platform's
// stores share it; each method of a store is one call of read() or write().
//
// Thread-safe. A caller blocks until a connection is free, so calls belong on bounded pools.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "store/sqlite/database.h"

namespace vf::store {

class SqlitePool {
 public:
  // Migrations are applied. Errors: as Database::open.
  static Result<std::unique_ptr<SqlitePool>> open(const std::filesystem::path& path, int readers = 4);

  // One transaction: BEGIN IMMEDIATE, `work(Database&) -> Result<T>`, COMMIT; nothing of it stays when the
  // work or the commit fails. Writers take turns in the order they came.
  template <typename Work>
  auto write(Work&& work) -> decltype(work(std::declval<Database&>())) {
    using Answer = decltype(work(std::declval<Database&>()));
    const Turn turn(*this);
    std::optional<Answer> answer;
    auto done = writer_.transaction([&]() -> Result<void> {
      answer = work(writer_);
      if (!*answer) return std::unexpected(answer->error());
      return {};
    });
    if (!done) return std::unexpected(without_place(std::move(done).error()));
    return std::move(*answer);
  }

  // One consistent view of the last commit: `work(Database&) -> Result<T>` that only selects.
  template <typename Work>
  auto read(Work&& work) -> decltype(work(std::declval<Database&>())) {
    const Borrowed reader(*this);
    auto begun = reader.database().execute("BEGIN");
    if (!begun) return std::unexpected(without_place(std::move(begun).error()));
    auto answer = work(reader.database());
    auto ended = reader.database().execute("COMMIT");
    if (!ended) return std::unexpected(without_place(std::move(ended).error()));
    if (!answer) return std::unexpected(without_place(std::move(answer).error()));
    return answer;
  }

 private:
  // What the stores say may reach clients: a sentence that names the folder becomes one that does not, and the
  // first one the detail.
  Error without_place(Error error) const;

  // The writer, first come first served: a mutex alone may let one of 64 writers starve.
  class Turn {
   public:
    explicit Turn(SqlitePool& pool);
    ~Turn();

   private:
    SqlitePool& pool_;
  };
  class Borrowed {
   public:
    explicit Borrowed(SqlitePool& pool);
    ~Borrowed();
    Database& database() const { return *database_; }

   private:
    SqlitePool& pool_;
    std::unique_ptr<Database> database_;
  };

  SqlitePool(std::string folder, Database writer) : folder_(std::move(folder)), writer_(std::move(writer)) {}

  std::string folder_;
  Database writer_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t next_ticket_ = 0;
  std::uint64_t served_ = 0;
  std::vector<std::unique_ptr<Database>> idle_readers_;
};

}  // namespace vf::store
