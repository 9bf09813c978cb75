// A thin owner of one SQLite connection: prepared statements, transactions, errors as values.
// Internal to store/sqlite. Not thread-safe: the adapter holds a mutex.
#pragma once

#include <concepts>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

struct sqlite3;
struct sqlite3_stmt;

namespace vf::store {

// Prepared statements of one connection that nobody executes at the moment: preparing one costs more than most rows.
class IdleStatements {
 public:
  IdleStatements() = default;
  IdleStatements(const IdleStatements&) = delete;
  IdleStatements& operator=(const IdleStatements&) = delete;
  ~IdleStatements();
  sqlite3_stmt* take(std::string_view sql);  // null: none
  void give(sqlite3_stmt* statement) noexcept;

 private:
  void forget();
  std::map<std::string, sqlite3_stmt*, std::less<>> by_text_;
};

// One execution of a statement. Bind in order, then step until false.
class Statement {
 public:
  Statement(sqlite3* db, sqlite3_stmt* statement, std::shared_ptr<IdleStatements> idle)
      : db_(db), statement_(statement, GiveBack{std::move(idle)}) {}
  Statement(Statement&&) = default;

  Statement& bind(std::string_view text);
  template <std::integral T>
  Statement& bind(T number) {
    return bind_integer(static_cast<std::int64_t>(number));
  }
  Statement& bind(double number);
  Statement& bind(std::nullptr_t);
  template <typename T>
  Statement& bind(const std::optional<T>& value) {
    return value ? bind(*value) : bind(nullptr);
  }
  Result<bool> step();  // true: a row stands ready
  Result<void> run();   // for statements without rows
  std::string text(int column) const;
  std::int64_t number(int column) const;
  double real(int column) const;
  bool null(int column) const;
  std::optional<std::string> maybe_text(int column) const;
  std::optional<std::int64_t> maybe_number(int column) const;

 private:
  struct GiveBack {
    std::shared_ptr<IdleStatements> idle;
    void operator()(sqlite3_stmt* s) const { idle->give(s); }
  };
  Statement& bind_integer(std::int64_t number);
  sqlite3* db_;
  std::unique_ptr<sqlite3_stmt, GiveBack> statement_;
  int bound_ = 0;
};

class Database {
 public:
  // WAL, synchronous=FULL, foreign keys, a busy timeout of ten seconds; migrations applied.
  static Result<Database> open(const std::filesystem::path& path);
  Database(Database&&) = default;

  Result<Statement> prepare(std::string_view sql);
  Result<void> execute(std::string_view sql);
  std::int64_t changes() const;

  // BEGIN IMMEDIATE, the work, COMMIT; ROLLBACK when the work fails.
  Result<void> transaction(const std::function<Result<void>()>& work);

 private:
  struct Close {
    void operator()(sqlite3* db) const;
  };
  explicit Database(sqlite3* db) : db_(db) {}
  Result<void> use_write_ahead_log();
  Result<void> migrate();
  std::unique_ptr<sqlite3, Close> db_;
  std::shared_ptr<IdleStatements> idle_ = std::make_shared<IdleStatements>();
};

}  // namespace vf::store
