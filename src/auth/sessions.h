// Being signed in: short access tokens, and the refresh token that renews them.
//
// Access token: a JWT (RFC 9068's `at+jwt`) for 15 minutes, signed with Ed25519. It names user and session;
// whether the session stands and what the user may do is asked of the database, a few seconds old at most, so
// that signing out everywhere means it.
//
// Refresh token: 32 random bytes, stored as SHA-256, good for one exchange. What it is exchanged for is
// derived from it (HMAC under a key of the server), so that two exchanges of one token give the same
// successor. Decision on races: two tabs, or a client that lost the first answer, may show a token twice
// within ten seconds, from the same address and User-Agent, as long as the successor was not used; both get
// the same successor. Every other second showing is a replay and ends the session for all who hold a token of
// it. A thief inside those ten seconds at the same address gains one successor, and is found out as soon as
// he and the owner have both used it. Thread-safe.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/principal.h"
#include "auth/server_keys.h"
#include "auth/short_cache.h"
#include "store/sessions.h"
#include "store/users.h"

namespace vf::auth {

struct SessionRules {
  std::string issuer = "videoforge";
  std::string audience = "videoforge";
  std::int64_t access_life = 15 * kMinute;
  std::int64_t idle = 30 * kDay;  // a session that is not renewed for so long is over
  std::int64_t grace = 10 * kSecond;
  std::int64_t recheck = 3 * kSecond;  // how old an answer of the database may be
};

// Who holds the token, as the server sees it.
struct Client {
  std::string address;
  std::string agent;  // User-Agent
};

struct Granted {
  store::LiveSession live;
  std::string access_token;
  std::int64_t access_expires = 0;  // Unix milliseconds
  std::string refresh_token;
  std::int64_t refresh_expires = 0;
};

struct Refreshed {
  store::Exchanged outcome = store::Exchanged::unknown;
  std::optional<Granted> granted;  // of done and repeated
  std::string user, session;       // of reused, for the audit log
};

class Sessions {
 public:
  // Store and keys outlive this.
  Sessions(store::SessionStore& store, ServerKeys& keys, Clock clock, const SessionRules& rules);

  // A new session, never one the client named: nothing can be fixed in advance.
  Result<Granted> start(const store::User& user, const Client& client, bool browser);
  Result<Refreshed> refresh(std::string_view refresh_token, const Client& client);

  // Whoever the access token stands for. Errors: invalid_argument with a public sentence; others when the
  // database cannot be asked.
  Result<Principal> authenticate(std::string_view access_token);
  // Who it is now, as authenticate() said before; nothing where the session is over.
  Result<std::optional<Principal>> again(const Principal& who);

  // Nothing for one that is over.
  Result<std::optional<store::Session>> find(const std::string& id);
  // The session a refresh token belongs to, used or not.
  Result<std::optional<std::string>> session_of(std::string_view refresh_token);
  Result<std::vector<store::Session>> list(const std::string& user);
  // By whoever holds its refresh token; the session that was ended, or nothing.
  Result<std::optional<store::Session>> end_by_token(std::string_view refresh_token, const std::string& why);
  Result<bool> end(const std::string& id, const std::string& user, const std::string& why);
  // All of the user's but `except`; how many. Also after a change of role: nobody keeps an old answer.
  Result<std::int64_t> end_all(const std::string& user, const std::string& except, const std::string& why);
  void forget_answers() { live_.clear(); }
  // Rows of sessions that were over a week ago.
  Result<std::int64_t> tend();

 private:
  struct Claims {
    std::string user, session;
    std::int64_t ends = 0;  // Unix milliseconds
  };
  Result<Claims> verify(std::string_view token);
  std::string access_token(const store::LiveSession& live, std::int64_t now);
  std::string successor_of(std::string_view refresh_token) const;
  Granted grant(store::LiveSession live, std::string refresh_token);
  Result<std::optional<store::LiveSession>> find_live(const std::string& id);

  store::SessionStore& store_;
  ServerKeys& keys_;
  Clock clock_;
  SessionRules rules_;
  std::string refresh_key_;
  ShortCache<Claims> verified_;  // by hash of the token: a signature is checked once
  ShortCache<store::LiveSession> live_;
};

}  // namespace vf::auth
