// One statement in one line: prepare, bind in order, run. Internal to store/sqlite.
#pragma once

#include <string_view>
#include <vector>

#include "store/sqlite/database.h"

namespace vf::store {

template <typename... Values>
Result<Statement> query(Database& db, std::string_view sql, const Values&... values) {
  auto statement = VF_TRY(db.prepare(sql));
  (statement.bind(values), ...);
  return statement;
}

template <typename... Values>
Result<void> run(Database& db, std::string_view sql, const Values&... values) {
  return VF_TRY(query(db, sql, values...)).run();
}

// How many rows it changed.
template <typename... Values>
Result<std::int64_t> change(Database& db, std::string_view sql, const Values&... values) {
  VF_CHECK(run(db, sql, values...));
  return db.changes();
}

// `read(Statement&) -> T` for each row.
template <typename Read>
auto rows(Statement statement, Read read) -> Result<std::vector<decltype(read(statement))>> {
  std::vector<decltype(read(statement))> out;
  while (VF_TRY(statement.step())) out.push_back(read(statement));
  return out;
}

// The first row, or nothing.
template <typename Read>
auto first(Statement statement, Read read) -> Result<std::optional<decltype(read(statement))>> {
  if (!VF_TRY(statement.step())) return std::nullopt;
  return read(statement);
}

}  // namespace vf::store
