#include "store/sqlite/database.h"

#include <chrono>
#include <new>
#include <thread>

#include <fmt/format.h>
#include <sqlite3.h>

#include "base/sha256.h"
#include "store/sqlite/migrations.h"

namespace vf::store {
namespace {

constexpr std::chrono::duration<int, std::milli> kBusyTimeout{10'000};
constexpr std::size_t kMostIdle = 128;  // statements

Error sqlite_error(sqlite3* db, std::string_view what) {
  const int code = db ? sqlite3_errcode(db) : SQLITE_NOMEM;
  const std::string text = db ? sqlite3_errmsg(db) : "out of memory";
  const char* file = db ? sqlite3_db_filename(db, "main") : nullptr;
  const auto folder = std::filesystem::path(file ? file : "").parent_path().string();
  switch (code) {
    case SQLITE_FULL:
      return {ErrorCode::no_space,
              fmt::format("The disk of the work folder '{}' is full. Free some space (64 MiB at least) and run it "
                          "again; it goes on where it stopped.",
                          folder),
              text};
    case SQLITE_IOERR:
      return {ErrorCode::io_error,
              fmt::format("The database in the work folder '{}' cannot be read or written.", folder), text};
    case SQLITE_NOMEM:
      return {ErrorCode::no_memory, "There is not enough memory.", text};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {ErrorCode::unavailable, "The work folder's database is busy; another process holds it.", text};
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
      return {ErrorCode::no_access,
              fmt::format("The work folder '{}' cannot be written to. Choose another with --work DIR.", folder), text};
    case SQLITE_CONSTRAINT:
      // The rows that a transaction names were there when its caller looked.
      if (sqlite3_extended_errcode(db) == SQLITE_CONSTRAINT_FOREIGNKEY)
        return {ErrorCode::not_found, "What this belongs to was removed at this moment.", text};
      return {ErrorCode::internal, fmt::format("Cannot {}.", what), text};
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      // Also after one read that came short: what waits for the database is not given up for it.
      return {
          ErrorCode::io_error,
          fmt::format("The database in the work folder '{}' is damaged. Remove the folder (only speed is lost) and run "
                      "it again.",
                      folder),
          text};
    default:
      return {ErrorCode::unavailable, fmt::format("Cannot {}.", what), text};
  }
}

}  // namespace

IdleStatements::~IdleStatements() { forget(); }

void IdleStatements::forget() {
  for (const auto& [sql, statement] : by_text_) sqlite3_finalize(statement);
  by_text_.clear();
}

sqlite3_stmt* IdleStatements::take(std::string_view sql) {
  const auto found = by_text_.find(sql);
  if (found == by_text_.end()) return nullptr;
  auto* out = found->second;
  by_text_.erase(found);
  return out;
}

void IdleStatements::give(sqlite3_stmt* statement) noexcept {
  sqlite3_reset(statement);
  sqlite3_clear_bindings(statement);
  // Lists with filters have many texts; those that matter are soon there again.
  if (by_text_.size() >= kMostIdle) forget();
  try {
    if (by_text_.try_emplace(sqlite3_sql(statement), statement).second) return;
  } catch (const std::bad_alloc&) {
    // Prepared anew the next time.
  }
  sqlite3_finalize(statement);
}

Statement& Statement::bind(std::string_view text) {
  sqlite3_bind_text(statement_.get(), ++bound_, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT);
  return *this;
}

Statement& Statement::bind_integer(std::int64_t number) {
  sqlite3_bind_int64(statement_.get(), ++bound_, number);
  return *this;
}

Statement& Statement::bind(double number) {
  sqlite3_bind_double(statement_.get(), ++bound_, number);
  return *this;
}

Statement& Statement::bind(std::nullptr_t) {
  sqlite3_bind_null(statement_.get(), ++bound_);
  return *this;
}

Result<bool> Statement::step() {
  switch (sqlite3_step(statement_.get())) {
    case SQLITE_ROW:
      return true;
    case SQLITE_DONE:
      return false;
    default:
      return std::unexpected(sqlite_error(db_, "use the work folder's database"));
  }
}

Result<void> Statement::run() {
  while (VF_TRY(step())) {
  }
  return {};
}

std::string Statement::text(int column) const {
  const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
  return bytes ? std::string(bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column)))
               : std::string();
}

std::int64_t Statement::number(int column) const { return sqlite3_column_int64(statement_.get(), column); }

double Statement::real(int column) const { return sqlite3_column_double(statement_.get(), column); }

bool Statement::null(int column) const { return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL; }

std::optional<std::string> Statement::maybe_text(int column) const {
  return null(column) ? std::nullopt : std::optional(text(column));
}

std::optional<std::int64_t> Statement::maybe_number(int column) const {
  return null(column) ? std::nullopt : std::optional(number(column));
}

void Database::Close::operator()(sqlite3* db) const { sqlite3_close_v2(db); }

Result<Database> Database::open(const std::filesystem::path& path) {
  // Counting its memory takes a lock of the whole process for each of its allocations, and nobody reads the count.
  static const int uncounted = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  (void)uncounted;
  sqlite3* raw = nullptr;
  const int code =
      sqlite3_open_v2(path.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  Database db(raw);
  if (code != SQLITE_OK) return std::unexpected(sqlite_error(raw, "open the work folder's database"));
  sqlite3_busy_timeout(raw, kBusyTimeout.count());
  VF_CHECK(db.use_write_ahead_log());
  VF_CHECK(db.execute("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"));
  VF_CHECK(db.migrate());
  return db;
}

// A new database turns to WAL under an exclusive lock that SQLite takes without asking the busy handler;
// where several processes open it in its first moment, the later ones wait here.
Result<void> Database::use_write_ahead_log() {
  const auto deadline = std::chrono::steady_clock::now() + kBusyTimeout;
  while (true) {
    auto turned = execute("PRAGMA journal_mode = WAL");
    if (turned || sqlite3_errcode(db_.get()) != SQLITE_BUSY || std::chrono::steady_clock::now() > deadline)
      return turned;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

Result<Statement> Database::prepare(std::string_view sql) {
  auto* statement = idle_->take(sql);
  if (!statement && sqlite3_prepare_v3(db_.get(), sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                                       &statement, nullptr) != SQLITE_OK)
    return std::unexpected(sqlite_error(db_.get(), "use the work folder's database"));
  return Statement(db_.get(), statement, idle_);
}

Result<void> Database::execute(std::string_view sql) {
  if (sqlite3_exec(db_.get(), std::string(sql).c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
    return std::unexpected(sqlite_error(db_.get(), "use the work folder's database"));
  return {};
}

std::int64_t Database::changes() const { return sqlite3_changes64(db_.get()); }

Result<void> Database::transaction(const std::function<Result<void>()>& work) {
  // Also when `work` throws for want of memory: the connection must not stay inside a transaction.
  struct Rollback {
    sqlite3* db;
    ~Rollback() {
      if (!sqlite3_get_autocommit(db)) sqlite3_exec(db, "ROLLBACK", nullptr, nullptr, nullptr);
    }
  };
  VF_CHECK(execute("BEGIN IMMEDIATE"));
  const Rollback rollback{db_.get()};
  VF_CHECK(work());
  return execute("COMMIT");
}

Result<void> Database::migrate() {
  return transaction([this]() -> Result<void> {
    VF_CHECK(
        execute("CREATE TABLE IF NOT EXISTS migrations (version INTEGER PRIMARY KEY, sha256 TEXT NOT NULL) STRICT"));
    for (const auto& migration : sqlite_migrations()) {
      const auto checksum = sha256_hex(migration.sql);
      auto known = VF_TRY(prepare("SELECT sha256 FROM migrations WHERE version = ?"));
      known.bind(std::int64_t{migration.version});
      if (VF_TRY(known.step())) {
        if (known.text(0) == checksum) continue;
        return fail(ErrorCode::conflict,
                    "The work folder was made by another version of VideoForge. Choose another with --work DIR.");
      }
      VF_CHECK(execute(migration.sql));
      VF_CHECK(VF_TRY(prepare("INSERT INTO migrations (version, sha256) VALUES (?, ?)"))
                   .bind(std::int64_t{migration.version})
                   .bind(checksum)
                   .run());
    }
    return {};
  });
}

}  // namespace vf::store
