// Account stores over a SQLite file of the test's own.
#pragma once

#include <gtest/gtest.h>

#include "store/sqlite/sqlite_audit.h"
#include "store/sqlite/sqlite_keys.h"
#include "store/sqlite/sqlite_passkeys.h"
#include "store/sqlite/sqlite_quotas.h"
#include "store/sqlite/sqlite_sessions.h"
#include "store/sqlite/sqlite_users.h"
#include "support/open_accounts.h"
#include "support/temp_folder.h"

namespace vf::store {

struct SqliteAccounts : OpenAccounts {
  test::TempFolder folder;
  std::unique_ptr<SqlitePool> pool;
  // The stores go before the pool they use.
  ~SqliteAccounts() override {
    users.reset();
    sessions.reset();
    keys.reset();
    audit.reset();
    secrets.reset();
    passkeys.reset();
    quotas.reset();
  }
};

inline std::unique_ptr<SqliteAccounts> open_sqlite_file() {
  auto opened = std::make_unique<SqliteAccounts>();
  auto pool = SqlitePool::open(opened->folder / "a.db");
  EXPECT_TRUE(pool) << (pool ? "" : pool.error().detail);
  opened->pool = std::move(*pool);
  opened->users = sqlite_user_store(*opened->pool);
  opened->sessions = sqlite_session_store(*opened->pool);
  opened->keys = sqlite_key_store(*opened->pool);
  opened->audit = sqlite_audit_store(*opened->pool);
  opened->secrets = sqlite_secret_store(*opened->pool);
  opened->passkeys = sqlite_passkey_store(*opened->pool);
  opened->quotas = sqlite_quota_store(*opened->pool);
  return opened;
}

}  // namespace vf::store
