// What every adapter of the account stores must do. A test file of an adapter includes this and instantiates
// it with a function that opens empty stores:
//   INSTANTIATE_TEST_SUITE_P(Sqlite, AccountStores, testing::Values(open_sqlite_accounts));
#pragma once

#include <atomic>
#include <memory>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/uuid.h"
#include "support/open_accounts.h"

namespace vf::store {

using OpenFunction = std::unique_ptr<OpenAccounts> (*)();

struct AccountStores : testing::TestWithParam<OpenFunction> {
  std::unique_ptr<OpenAccounts> opened = GetParam()();
  UserStore& users = *opened->users;
  SessionStore& sessions = *opened->sessions;
  KeyStore& keys = *opened->keys;
  AuditStore& audit = *opened->audit;
  SecretStore& secrets = *opened->secrets;
  static constexpr std::int64_t now = 1'800'000'000'000;

  static User user(const std::string& name, const std::string& role = "user") {
    return {.id = make_uuid(), .name = name, .password = "hash", .role = role, .created_at = now};
  }
  User added(const std::string& name, const std::string& role = "user") {
    auto one = users.add(user(name, role), {});
    EXPECT_TRUE(one);
    return *one;
  }
  Session started(const User& owner, const std::string& token) {
    const Session session{.id = make_uuid(),
                          .user = owner.id,
                          .device = "curl",
                          .address = "192.0.2.1",
                          .created_at = now,
                          .used_at = now,
                          .expires_at = now + 1000};
    EXPECT_TRUE(sessions.start(session, token));
    return session;
  }
  Exchanged exchange(const std::string& token, const std::string& successor, std::int64_t at = now,
                     const std::string& client = "c") {
    const auto result = sessions.exchange({.hash = token,
                                           .successor = successor,
                                           .client = client,
                                           .address = "192.0.2.7",
                                           .now = at,
                                           .grace = 10,
                                           .expires_at = at + 1000});
    EXPECT_TRUE(result);
    return result->outcome;
  }
  ApiKey key(const User& owner, const std::string& prefix) {
    return {.id = make_uuid(),
            .user = owner.id,
            .name = "ci",
            .prefix = prefix,
            .hash = "h1",
            .role = "user",
            .scopes = {"read:videos"},
            .allowed_cidrs = {"10.0.0.0/8"},
            .created_at = now};
  }
};

template <typename T>
ErrorCode code_of(const Result<T>& result) {
  EXPECT_FALSE(result);
  return result ? ErrorCode::internal : result.error().code;
}

TEST_P(AccountStores, AUserIsFoundByIdAndByNameInAnyCase) {
  auto marie = user("Marie");
  marie.email = "marie@example.org";
  ASSERT_TRUE(users.add(marie, {}));
  EXPECT_EQ((*users.find(marie.id))->name, "Marie");
  EXPECT_EQ((*users.find(marie.id))->email, "marie@example.org");
  EXPECT_EQ((*users.find_by_name("mARIE"))->id, marie.id);
  EXPECT_FALSE(*users.find_by_name("marie2"));
  EXPECT_FALSE(*users.find("nobody"));
  EXPECT_EQ(code_of(users.add(user("MARIE"), {})), ErrorCode::conflict);
  EXPECT_EQ(*users.count(), 1);
}

TEST_P(AccountStores, OfManyThatWantToBeTheFirstOneIs) {
  std::atomic<int> first = 0;
  {
    std::vector<std::jthread> people;
    for (int i = 0; i < 8; ++i)
      people.emplace_back([&, i] {
        if (users.add(user("u" + std::to_string(i), "admin"), {.first = true})) ++first;
      });
  }
  EXPECT_EQ(first, 1);
  EXPECT_EQ(*users.count(), 1);
}

TEST_P(AccountStores, UsersAreListedInPagesAndSearchedLiterally) {
  for (const auto* name : {"a_b", "axb", "c%d"}) added(name, "user");
  added("boss", "admin");
  const auto names = [&](const UserQuery& query) {
    std::vector<std::string> out;
    for (const auto& one : *users.list(query)) out.push_back(one.name);
    return out;
  };
  EXPECT_THAT(names({}), testing::ElementsAre("a_b", "axb", "c%d", "boss"));
  EXPECT_THAT(names({.text = "a_"}), testing::ElementsAre("a_b"));
  EXPECT_THAT(names({.text = "%"}), testing::ElementsAre("c%d"));
  EXPECT_THAT(names({.role = "admin"}), testing::ElementsAre("boss"));
  EXPECT_THAT(names({.limit = 2}), testing::ElementsAre("a_b", "axb"));
  EXPECT_THAT(names({.after = (*users.find_by_name("axb"))->id}), testing::ElementsAre("c%d", "boss"));
}

TEST_P(AccountStores, TheLastAdminStays) {
  const auto one = added("one", "admin");
  EXPECT_EQ(code_of(users.set_role(one.id, "user", now)), ErrorCode::conflict);
  EXPECT_EQ(code_of(users.set_disabled(one.id, true, now)), ErrorCode::conflict);
  EXPECT_EQ(code_of(users.remove(one.id)), ErrorCode::conflict);
  const auto two = added("two", "admin");
  EXPECT_TRUE(users.set_disabled(two.id, true, now));
  EXPECT_EQ(code_of(users.remove(one.id)), ErrorCode::conflict) << "an admin who may not sign in does not count";
  EXPECT_TRUE(users.set_disabled(two.id, false, now));
  EXPECT_TRUE(users.set_password(two.id, "", now));
  EXPECT_EQ(code_of(users.remove(one.id)), ErrorCode::conflict) << "one who has nothing to sign in with neither";
  EXPECT_TRUE(users.link({"https://idp.example", "two", two.id}, now));
  EXPECT_TRUE(users.set_role(one.id, "viewer", now));
  EXPECT_EQ((*users.find(one.id))->role, "viewer");
  EXPECT_TRUE(users.remove(one.id));
  EXPECT_FALSE(*users.find(one.id));
  EXPECT_EQ(code_of(users.remove(one.id)), ErrorCode::not_found);
  EXPECT_EQ(code_of(users.set_password("nobody", "x", now)), ErrorCode::not_found);
}

TEST_P(AccountStores, RemovingAUserTakesEverythingOfHis) {
  const auto marie = added("marie");
  started(marie, "t");
  ASSERT_TRUE(keys.add(key(marie, "p"), 10));
  ASSERT_TRUE(users.link({"https://idp.example", "s1", marie.id}, now));
  ASSERT_TRUE(users.remove(marie.id));
  EXPECT_FALSE(*keys.find_by_prefix("p"));
  EXPECT_TRUE(sessions.list_live(marie.id, now)->empty());
  EXPECT_FALSE(*users.find_linked("https://idp.example", "s1"));
  EXPECT_EQ(exchange("t", "t2"), Exchanged::unknown);
}

TEST_P(AccountStores, AStepOfTheSecondFactorCountsOnceEvenAtOnce) {
  const auto marie = added("marie");
  EXPECT_EQ(code_of(users.activate_totp(marie.id, 5, {}, now)), ErrorCode::conflict) << "none was enrolled";
  ASSERT_TRUE(users.set_totp(marie.id, "sealed", now));
  EXPECT_FALSE((*users.find(marie.id))->totp_active);
  ASSERT_TRUE(users.activate_totp(marie.id, 5, {"r1", "r2"}, now));
  EXPECT_TRUE((*users.find(marie.id))->totp_active);
  EXPECT_FALSE(*users.take_totp_step(marie.id, 5));
  std::atomic<int> taken = 0;
  {
    std::vector<std::jthread> tries;
    for (int i = 0; i < 8; ++i) tries.emplace_back([&] { taken += *users.take_totp_step(marie.id, 6); });
  }
  EXPECT_EQ(taken, 1);
  EXPECT_TRUE(*users.take_recovery_code(marie.id, "r1", now));
  EXPECT_FALSE(*users.take_recovery_code(marie.id, "r1", now));
  EXPECT_FALSE(*users.take_recovery_code(marie.id, "other", now));
  EXPECT_EQ(*users.recovery_codes_left(marie.id), 1);
  ASSERT_TRUE(users.set_totp(marie.id, "", now));
  EXPECT_FALSE((*users.find(marie.id))->totp_active);
  EXPECT_EQ(*users.recovery_codes_left(marie.id), 0);
}

TEST_P(AccountStores, AnInvitationIsUsedUpByTheAccountItMade) {
  const auto boss = added("boss", "admin");
  ASSERT_TRUE(users.add_ticket({.id = make_uuid(),
                                .hash = "h",
                                .purpose = "invitation",
                                .role = "viewer",
                                .created_by = boss.id,
                                .created_at = now,
                                .expires_at = now + 100}));
  EXPECT_EQ(users.open_tickets("invitation", now)->size(), 1u);
  EXPECT_EQ(code_of(users.add(user("boss"), {.invitation = "h"})), ErrorCode::conflict);
  EXPECT_EQ(users.open_tickets("invitation", now)->size(), 1u) << "a name that was taken costs no invitation";
  EXPECT_EQ(users.add(user("guest", "admin"), {.invitation = "h"})->role, "viewer") << "the invitation's role";
  EXPECT_EQ(code_of(users.add(user("guest2"), {.invitation = "h"})), ErrorCode::not_found);
  EXPECT_TRUE(users.open_tickets("invitation", now)->empty());
  EXPECT_EQ(*users.count(), 2);
}

// Names are told to nobody who has no invitation, and an invitation is worth what its maker is now.
TEST_P(AccountStores, AnInvitationComesBeforeTheNameAndFallsWithItsMaker) {
  added("boss", "admin");
  const auto second = added("second", "admin");
  const auto invite = [&](const std::string& hash) {
    Ticket ticket{.id = make_uuid(), .hash = hash, .purpose = "invitation", .role = "admin", .created_by = second.id};
    ticket.created_at = now;
    ticket.expires_at = now + 100;
    EXPECT_TRUE(users.add_ticket(ticket));
    return ticket.id;
  };
  EXPECT_EQ(code_of(users.add(user("boss"), {.invitation = "made up"})), ErrorCode::not_found);
  for (const auto* hash : {"a", "b", "c", "d"}) invite(hash);
  EXPECT_EQ(users.add(user("guest"), {.invitation = "a"})->role, "admin");
  ASSERT_TRUE(users.set_disabled(second.id, true, now));
  EXPECT_EQ(code_of(users.add(user("guest2"), {.invitation = "b"})), ErrorCode::not_found) << "disabled";
  ASSERT_TRUE(users.set_disabled(second.id, false, now));
  ASSERT_TRUE(users.set_role(second.id, "user", now));
  EXPECT_EQ(code_of(users.add(user("guest2"), {.invitation = "c"})), ErrorCode::not_found) << "demoted";
  ASSERT_TRUE(users.remove(second.id));
  EXPECT_EQ(code_of(users.add(user("guest2"), {.invitation = "d"})), ErrorCode::not_found) << "removed";
  EXPECT_FALSE(*users.find_by_name("guest2"));
}

TEST_P(AccountStores, ResetTicketsFallWithThePasswordTheAddressAndTheAccount) {
  added("boss", "admin");
  const auto marie = added("marie"), paul = added("paul");
  const auto ticket = [&](const std::string& hash, const User& of) {
    Ticket one{.id = make_uuid(), .hash = hash, .purpose = "reset", .user = of.id, .role = "user", .created_by = "x"};
    one.created_at = now;
    one.expires_at = now + 100;
    EXPECT_TRUE(users.add_ticket(one));
    return one.id;
  };
  ticket("paul", paul);
  EXPECT_FALSE(*users.remove_invitation(ticket("a", marie))) << "a reset is no invitation";
  ticket("b", marie);
  EXPECT_EQ(*users.reset_password("a", "new", now), marie.id);
  EXPECT_FALSE(*users.reset_password("b", "newer", now)) << "one ends the others";
  ticket("c", marie);
  ASSERT_TRUE(users.set_password(marie.id, "own", now));
  EXPECT_FALSE(*users.reset_password("c", "newer", now)) << "after a changed password";
  ticket("d", marie);
  ASSERT_TRUE(users.set_email(marie.id, "new@example.com", now));
  EXPECT_FALSE(*users.reset_password("d", "newer", now)) << "after a changed address";
  ticket("e", marie);
  ASSERT_TRUE(users.set_disabled(marie.id, true, now));
  ticket("f", marie);
  for (const auto* hash : {"e", "f"}) EXPECT_FALSE(*users.reset_password(hash, "newer", now)) << "disabled";
  EXPECT_EQ((*users.find(marie.id))->password, "own");
  EXPECT_EQ(*users.reset_password("paul", "new", now), paul.id) << "somebody else's stays";
}

TEST_P(AccountStores, AResetIsGoodOnceAndInTime) {
  const auto marie = added("marie");
  const auto ticket = [&](const std::string& hash) {
    return Ticket{.id = make_uuid(),
                  .hash = hash,
                  .purpose = "reset",
                  .user = marie.id,
                  .role = "user",
                  .created_by = "x",
                  .created_at = now,
                  .expires_at = now + 100};
  };
  ASSERT_TRUE(users.add_ticket(ticket("a")));
  ASSERT_TRUE(users.add_ticket(ticket("b")));
  EXPECT_FALSE(*users.reset_password("b", "new", now + 100)) << "expired";
  EXPECT_EQ(*users.reset_password("a", "new", now), marie.id);
  EXPECT_EQ((*users.find(marie.id))->password, "new");
  EXPECT_FALSE(*users.reset_password("a", "newer", now));
  EXPECT_EQ(code_of(users.add(user("guest"), {.invitation = "b"})), ErrorCode::not_found) << "another purpose";
}

TEST_P(AccountStores, AnIdentityBelongsToOneAccount) {
  const auto marie = added("marie"), paul = added("paul");
  ASSERT_TRUE(users.link({"https://idp.example", "s1", marie.id}, now));
  EXPECT_EQ(code_of(users.link({"https://idp.example", "s1", paul.id}, now)), ErrorCode::conflict);
  EXPECT_EQ(*users.find_linked("https://idp.example", "s1"), marie.id);
  EXPECT_FALSE(*users.find_linked("https://other.example", "s1"));
  EXPECT_EQ(users.linked(marie.id)->size(), 1u);
}

TEST_P(AccountStores, ARefreshTokenIsExchangedOnceAndItsReplayEndsTheSession) {
  const auto marie = added("marie");
  const auto session = started(marie, "t1");
  EXPECT_EQ(exchange("t1", "t2"), Exchanged::done);
  EXPECT_EQ(exchange("t2", "t3"), Exchanged::done);
  EXPECT_EQ(sessions.list_live(marie.id, now)->front().address, "192.0.2.7");
  EXPECT_EQ(*sessions.session_of("t3"), session.id);
  EXPECT_EQ(exchange("t1", "t2"), Exchanged::reused) << "its successor was used already";
  EXPECT_EQ(exchange("t3", "t4"), Exchanged::unknown) << "the family is over";
  EXPECT_FALSE(*sessions.find_live(session.id, now));
  EXPECT_EQ(exchange("made up", "x"), Exchanged::unknown);
}

TEST_P(AccountStores, TheSameClientMayAskTwiceAtOnceAndNobodyElse) {
  const auto marie = added("marie");
  started(marie, "a1");
  EXPECT_EQ(exchange("a1", "a2", now), Exchanged::done);
  EXPECT_EQ(exchange("a1", "a2", now + 10), Exchanged::repeated);
  EXPECT_EQ(exchange("a2", "a3", now + 11), Exchanged::done) << "it changed nothing";
  started(marie, "b1");
  EXPECT_EQ(exchange("b1", "b2", now), Exchanged::done);
  EXPECT_EQ(exchange("b1", "b2", now + 11), Exchanged::reused) << "too late";
  started(marie, "c1");
  EXPECT_EQ(exchange("c1", "c2", now, "marie's browser"), Exchanged::done);
  EXPECT_EQ(exchange("c1", "c2", now, "somebody else"), Exchanged::reused);
}

TEST_P(AccountStores, OfManyExchangesAtOnceOneIsDoneAndTheRestAreRepetitions) {
  const auto marie = added("marie");
  const auto session = started(marie, "t1");
  std::atomic<int> done = 0, repeated = 0;
  {
    std::vector<std::jthread> tabs;
    for (int i = 0; i < 8; ++i)
      tabs.emplace_back([&] {
        const auto outcome = exchange("t1", "t2");
        done += outcome == Exchanged::done;
        repeated += outcome == Exchanged::repeated;
      });
  }
  EXPECT_EQ(done, 1);
  EXPECT_EQ(repeated, 7);
  EXPECT_TRUE(*sessions.find_live(session.id, now));
}

TEST_P(AccountStores, ASessionLivesUntilItsEndIsRevokedOrItsUserDisabled) {
  added("boss", "admin");
  const auto marie = added("marie"), paul = added("paul");
  const auto one = started(marie, "t1"), two = started(marie, "t2"), three = started(marie, "t3");
  EXPECT_EQ((*sessions.find_live(one.id, now))->user_name, "marie");
  EXPECT_EQ((*sessions.find_live(one.id, now))->role, "user");
  EXPECT_FALSE(*sessions.find_live(one.id, now + 1000));
  EXPECT_FALSE(*sessions.end(one.id, paul.id, "signed out", now)) << "of somebody else";
  EXPECT_TRUE(*sessions.end(one.id, marie.id, "signed out", now));
  EXPECT_FALSE(*sessions.end(one.id, marie.id, "signed out", now));
  EXPECT_FALSE(*sessions.find_live(one.id, now));
  EXPECT_THAT(*sessions.end_all(marie.id, two.id, "password changed", now), testing::ElementsAre(three.id));
  EXPECT_TRUE(*sessions.find_live(two.id, now));
  ASSERT_TRUE(users.set_disabled(marie.id, true, now));
  EXPECT_FALSE(*sessions.find_live(two.id, now));
  EXPECT_EQ(exchange("t2", "t4"), Exchanged::unknown);
  EXPECT_EQ(*sessions.forget(now + 1), 2);
}

TEST_P(AccountStores, AKeyIsFoundByItsPrefixWithWhatItsOwnerIsNow) {
  const auto marie = added("marie");
  const auto one = key(marie, "abc");
  ASSERT_TRUE(keys.add(one, 10));
  auto found = *keys.find_by_prefix("abc");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->key.scopes, one.scopes);
  EXPECT_EQ(found->key.allowed_cidrs, one.allowed_cidrs);
  EXPECT_EQ(found->user_name, "marie");
  EXPECT_EQ(found->user_role, "user");
  ASSERT_TRUE(users.set_role(marie.id, "viewer", now));
  ASSERT_TRUE(users.set_disabled(marie.id, true, now));
  found = *keys.find_by_prefix("abc");
  EXPECT_EQ(found->user_role, "viewer");
  EXPECT_TRUE(found->disabled);
  ASSERT_TRUE(keys.used(one.id, "10.1.2.3", now));
  EXPECT_EQ((*keys.find(one.id, marie.id))->used_from, "10.1.2.3");
  EXPECT_EQ(code_of(keys.add(key(marie, "abc"), 10)), ErrorCode::conflict);
  EXPECT_EQ(code_of(keys.add(key(marie, "def"), 1)), ErrorCode::limit_exceeded);
}

TEST_P(AccountStores, AKeyIsItsOwnersToChange) {
  const auto marie = added("marie"), paul = added("paul");
  auto one = key(marie, "abc");
  ASSERT_TRUE(keys.add(one, 10));
  EXPECT_FALSE(*keys.find(one.id, paul.id));
  EXPECT_FALSE(*keys.rotate(one.id, paul.id, "h2", now + 5));
  EXPECT_FALSE(*keys.revoke(one.id, paul.id, now));
  EXPECT_TRUE(*keys.rotate(one.id, marie.id, "h2", now + 5));
  const auto rotated = *keys.find(one.id, marie.id);
  EXPECT_EQ(rotated->hash, "h2");
  EXPECT_EQ(rotated->previous_hash, "h1");
  EXPECT_EQ(rotated->previous_until, now + 5);
  one.name = "deploy";
  one.expires_at = now + 9;
  one.scopes = {};
  EXPECT_TRUE(*keys.update(one));
  EXPECT_EQ((*keys.find(one.id, marie.id))->name, "deploy");
  EXPECT_EQ((*keys.find(one.id, marie.id))->hash, "h2") << "an update does not undo a rotation";
  one.user = paul.id;
  EXPECT_FALSE(*keys.update(one));
  EXPECT_TRUE(*keys.revoke(one.id, marie.id, now));
  EXPECT_FALSE(*keys.revoke(one.id, marie.id, now));
  EXPECT_FALSE(*keys.find_by_prefix("abc"));
  EXPECT_TRUE(keys.list(marie.id, "", 10)->empty());
}

TEST_P(AccountStores, TheAuditLogIsChainedInOrderUnderManyWriters) {
  {
    std::vector<std::jthread> writers;
    for (int i = 0; i < 4; ++i)
      writers.emplace_back([&, i] {
        for (int j = 0; j < 10; ++j)
          EXPECT_TRUE(
              audit.append({.at = now + j, .actor = "u" + std::to_string(i), .action = "key.create", .outcome = "ok"}));
      });
  }
  ASSERT_EQ(*audit.append({.at = now + 99, .actor = "u9", .action = "keyed", .target = "t", .outcome = "refused"}), 41);
  const auto verdict = *audit.verify();
  EXPECT_EQ(verdict.rows, 41);
  EXPECT_FALSE(verdict.broken_at);
  EXPECT_EQ(verdict.head, audit.list({.limit = 1})->front().hash);
  EXPECT_EQ(audit.list({.limit = 1})->front().sequence, 41);
  EXPECT_EQ(audit.list({.limit = 100, .action = "key."})->size(), 40u);
  EXPECT_EQ(audit.list({.limit = 100, .actor = "u2"})->size(), 10u);
  EXPECT_EQ(audit.list({.limit = 100, .target = "t", .outcome = "refused"})->size(), 1u);
  EXPECT_EQ(audit.list({.limit = 100, .from = now + 8, .to = now + 9})->size(), 4u);
  EXPECT_EQ(audit.list({.before = 3, .limit = 100})->size(), 2u);
}

// Rows of before the key stay good; from the first one with it on, it is needed.
TEST_P(AccountStores, TheChainOfTheAuditLogTakesAKey) {
  const auto act = [&](const char* action) { return audit.append({.at = now, .action = action, .outcome = "ok"}); };
  ASSERT_TRUE(act("before"));
  EXPECT_FALSE(audit.verify()->keyed_from);
  audit.use_key(std::string(32, 'k'));
  ASSERT_TRUE(act("after"));
  ASSERT_TRUE(act("after"));
  const auto verdict = *audit.verify();
  EXPECT_EQ(verdict.rows, 3);
  EXPECT_FALSE(verdict.broken_at);
  EXPECT_EQ(verdict.keyed_from, 2);
  EXPECT_EQ(verdict.unchecked, 0);
  audit.use_key(std::string(32, 'x'));
  EXPECT_EQ(audit.verify()->broken_at, 2) << "another key";
  audit.use_key("");
  EXPECT_EQ(audit.verify()->unchecked, 2);
  EXPECT_FALSE(audit.verify()->broken_at) << "what cannot be checked is not called broken";
  EXPECT_EQ(code_of(act("without")), ErrorCode::internal);
}

TEST_P(AccountStores, APasskeyBelongsToOneAndCountsUpwards) {
  const auto marie = added("marie"), paul = added("paul");
  auto& passkeys = *opened->passkeys;
  const Passkey key{
      .id = "c1", .user = marie.id, .name = "phone", .public_key = "{}", .sign_count = 4, .created_at = now};
  ASSERT_TRUE(passkeys.add(key, 2));
  auto theirs = key;
  theirs.user = paul.id;
  EXPECT_EQ(code_of(passkeys.add(theirs, 2)), ErrorCode::conflict);
  EXPECT_EQ((*passkeys.find("c1"))->name, "phone");
  EXPECT_FALSE(*passkeys.find("c2"));
  EXPECT_TRUE(*passkeys.used("c1", 4, 5, now));
  EXPECT_FALSE(*passkeys.used("c1", 4, 5, now)) << "the same count twice";
  EXPECT_EQ((*passkeys.find("c1"))->used_at, now);
  auto more = key;
  more.id = "c2";
  ASSERT_TRUE(passkeys.add(more, 2));
  more.id = "c3";
  EXPECT_EQ(code_of(passkeys.add(more, 2)), ErrorCode::limit_exceeded);
  EXPECT_EQ(passkeys.list(marie.id)->size(), 2u);
  EXPECT_FALSE(*passkeys.remove("c1", paul.id));
  EXPECT_TRUE(*passkeys.remove("c1", marie.id));
  ASSERT_TRUE(users.remove(marie.id));
  EXPECT_FALSE(*passkeys.find("c2"));
}

TEST_P(AccountStores, TheFirstSecretOfANameStands) {
  EXPECT_EQ(secrets.put_if_absent({"signing/a", "s1", now})->sealed, "s1");
  EXPECT_EQ(secrets.put_if_absent({"signing/a", "s2", now})->sealed, "s1");
  ASSERT_TRUE(secrets.put_if_absent({"signing/b", "s3", now - 1}));
  ASSERT_TRUE(secrets.put_if_absent({"links", "s4", now}));
  ASSERT_EQ(secrets.list("signing/")->size(), 2u);
  EXPECT_EQ(secrets.list("signing/")->front().name, "signing/b");
  ASSERT_TRUE(secrets.remove("signing/a"));
  EXPECT_TRUE(secrets.list("signing/a")->empty());
}

TEST_P(AccountStores, EverythingSealedIsSealedAnewOrNothing) {
  const auto marie = added("marie");
  ASSERT_TRUE(users.set_totp(marie.id, "t1", now));
  ASSERT_TRUE(secrets.put_if_absent({"links", "s1", now}));
  ASSERT_TRUE(secrets.put_if_absent({"root", "s2", now}));
  const auto broken = secrets.reseal([](const Sealed& one) -> Result<std::optional<std::string>> {
    if (one.kind == Sealed::Kind::totp) return fail(ErrorCode::internal, "It does not open.");
    return one.text + "!";
  });
  EXPECT_FALSE(broken);
  EXPECT_EQ(secrets.list("links")->front().sealed, "s1") << "nothing of it stays";
  const auto done = secrets.reseal([](const Sealed& one) -> Result<std::optional<std::string>> {
    if (one.owner == "root") return std::nullopt;
    return one.text + "!";
  });
  EXPECT_EQ(*done, 2);
  EXPECT_EQ(secrets.list("links")->front().sealed, "s1!");
  EXPECT_EQ(secrets.list("root")->front().sealed, "s2");
  EXPECT_EQ((*users.find(marie.id))->totp, "t1!");
}

TEST_P(AccountStores, APasskeyIsDemandedOnlyWhereThereIsOne) {
  const auto marie = added("marie");
  auto& passkeys = *opened->passkeys;
  EXPECT_EQ(code_of(users.set_passkey_required(marie.id, true, now)), ErrorCode::conflict);
  for (const char* id : {"c1", "c2"})
    ASSERT_TRUE(passkeys.add({.id = id, .user = marie.id, .name = id, .public_key = "{}", .created_at = now}, 9));
  ASSERT_TRUE(users.set_passkey_required(marie.id, true, now));
  EXPECT_TRUE((*users.find(marie.id))->passkey_required);
  EXPECT_TRUE(*passkeys.remove("c1", marie.id));
  EXPECT_EQ(code_of(passkeys.remove("c2", marie.id)), ErrorCode::conflict);
  ASSERT_TRUE(users.set_passkey_required(marie.id, false, now));
  EXPECT_TRUE(*passkeys.remove("c2", marie.id));
}

TEST_P(AccountStores, UsersAreFoundByTheirAddressInAnyCase) {
  auto marie = user("marie");
  marie.email = "Marie@Example.com";
  ASSERT_TRUE(users.add(marie, {}));
  added("paul");
  EXPECT_EQ(users.find_by_email("marie@example.COM")->size(), 1u);
  EXPECT_TRUE(users.find_by_email("%")->empty());
  EXPECT_TRUE(users.find_by_email("")->empty());
}

TEST_P(AccountStores, AQuotaOfOnesOwnStandsBesideTheRole) {
  const auto marie = added("marie");
  auto& quotas = *opened->quotas;
  EXPECT_FALSE(*quotas.find(make_uuid()));
  EXPECT_EQ((*quotas.find(marie.id))->role, "user");
  EXPECT_EQ((*quotas.find(marie.id))->own, QuotaLimits{});
  EXPECT_EQ(code_of(quotas.set(make_uuid(), {.jobs = 1}, now)), ErrorCode::not_found);
  const QuotaLimits own{.storage_bytes = 10, .uploads_a_day = 0};
  ASSERT_TRUE(quotas.set(marie.id, own, now));
  EXPECT_EQ((*quotas.find(marie.id))->own, own);
  ASSERT_TRUE(quotas.set(marie.id, {}, now));
  EXPECT_EQ((*quotas.find(marie.id))->own, QuotaLimits{});
  EXPECT_EQ(quotas.use(marie.id, {})->storage_bytes, 0);
}

}  // namespace vf::store
