// The account stores over SQLite: the contract, and what is this adapter's own.
#include <sqlite3.h>

#include "store/accounts_contract.h"
#include "store/audit_chain.h"
#include "support/sqlite_accounts.h"

namespace vf::store {
namespace {

std::unique_ptr<OpenAccounts> open_sqlite() { return open_sqlite_file(); }
INSTANTIATE_TEST_SUITE_P(Sqlite, AccountStores, testing::Values(open_sqlite));

// Whoever holds the file itself can change it; the chain shows that.
struct Tampering : testing::Test {
  std::unique_ptr<SqliteAccounts> opened = open_sqlite_file();

  void SetUp() override {
    for (int i = 0; i < 5; ++i)
      ASSERT_TRUE(opened->audit->append({.at = i, .actor = "u", .action = "key.create", .outcome = "ok"}));
  }
  int sql(const char* text) {
    sqlite3* db = nullptr;
    EXPECT_EQ(sqlite3_open((opened->folder / "a.db").c_str(), &db), SQLITE_OK);
    const int code = sqlite3_exec(db, text, nullptr, nullptr, nullptr);
    sqlite3_close(db);
    return code;
  }
  std::optional<std::int64_t> broken() { return opened->audit->verify()->broken_at; }
};

TEST_F(Tampering, TheTableRefusesChanges) {
  EXPECT_NE(sql("UPDATE audit SET actor = 'x' WHERE sequence = 3"), SQLITE_OK);
  EXPECT_NE(sql("DELETE FROM audit WHERE sequence = 3"), SQLITE_OK);
  EXPECT_FALSE(broken());
}

TEST_F(Tampering, AChangedRowIsFound) {
  ASSERT_EQ(sql("DROP TRIGGER audit_is_not_changed; UPDATE audit SET outcome = 'refused' WHERE sequence = 3"),
            SQLITE_OK);
  EXPECT_EQ(broken(), 3);
}

TEST_F(Tampering, AMissingRowIsFound) {
  ASSERT_EQ(sql("DROP TRIGGER audit_is_not_erased; DELETE FROM audit WHERE sequence = 2"), SQLITE_OK);
  EXPECT_EQ(broken(), 3);
}

TEST_F(Tampering, ARowThatIsPutInIsFound) {
  ASSERT_EQ(sql("DROP TRIGGER audit_is_not_changed; UPDATE audit SET sequence = sequence + 10 WHERE sequence = 5; "
                "INSERT INTO audit SELECT 5, at, 'x', '', '', action, '', '', outcome, '', hash, keyed FROM audit WHERE "
                "sequence = 4"),
            SQLITE_OK);
  EXPECT_EQ(broken(), 5);
}

// Whoever writes to the database alone computes the chain anew, in the way that needs no key.
TEST_F(Tampering, AChainThatWasComputedAnewIsFound) {
  opened->audit->use_key(std::string(32, 'k'));
  for (int i = 5; i < 8; ++i)
    ASSERT_TRUE(opened->audit->append({.at = i, .actor = "u", .action = "key.create", .outcome = "ok"}));
  EXPECT_FALSE(broken());
  auto rows = *opened->audit->list({.limit = 100});
  std::ranges::reverse(rows);
  rows[6].outcome = "refused";
  std::string text = "DROP TRIGGER audit_is_not_changed;", previous = rows[5].hash;
  for (std::size_t i = 6; i < rows.size(); ++i) {
    previous = audit_hash(previous, rows[i], "");
    text += "UPDATE audit SET outcome = '" + rows[i].outcome + "', hash = '" + previous +
            "', keyed = 0 WHERE sequence = " + std::to_string(rows[i].sequence) + ";";
  }
  ASSERT_EQ(sql(text.c_str()), SQLITE_OK);
  EXPECT_EQ(broken(), 7);
  ASSERT_EQ(sql("UPDATE audit SET keyed = 1"), SQLITE_OK);
  EXPECT_EQ(broken(), 1) << "the old rows have no key";
}

// Rows cut off at the end leave a chain that fits; the head that was written down elsewhere does not.
TEST_F(Tampering, RowsCutOffChangeTheHead) {
  const auto head = opened->audit->verify()->head;
  ASSERT_EQ(sql("DROP TRIGGER audit_is_not_erased; DELETE FROM audit WHERE sequence > 3"), SQLITE_OK);
  EXPECT_FALSE(broken());
  EXPECT_NE(opened->audit->verify()->head, head);
}

}  // namespace
}  // namespace vf::store
