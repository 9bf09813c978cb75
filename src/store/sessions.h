// The port for sessions: who is signed in where, and the refresh tokens that keep it so. Adapters:
// store/sqlite.
//
// Thread-safe; each method is one transaction. Times are Unix milliseconds. Tokens arrive as hashes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"

namespace vf::store {

struct Session {
  std::string id;
  std::string user;
  std::string device;
  std::string address;
  bool browser = false;
  std::int64_t created_at = 0;
  std::int64_t used_at = 0;
  std::int64_t expires_at = 0;
};

// A session with what its user is at this moment.
struct LiveSession {
  Session session;
  std::string user_name;
  std::string role;
};

// A refresh token is shown. `successor` is what it is to be exchanged for.
struct Exchange {
  std::string hash;
  std::string successor;
  std::string client;  // hash of what the client looks like
  std::string address;
  std::int64_t now = 0;
  std::int64_t grace = 0;       // milliseconds in which the same client may ask twice
  std::int64_t expires_at = 0;  // of the session from now on
};

enum class Exchanged {
  done,      // the successor counts now
  repeated,  // the same client asked twice at once: the successor that counts is the one it got
  reused,    // a used token was shown again: the session has been ended by this call
  unknown,   // no such token, or its session is over
};

struct ExchangeResult {
  Exchanged outcome = Exchanged::unknown;
  LiveSession live;  // of done and repeated; of reused only the ids
};

class SessionStore {
 public:
  virtual ~SessionStore() = default;

  // It is its user's last sign-in, too.
  virtual Result<void> start(const Session& session, const std::string& token_hash) = 0;
  virtual Result<ExchangeResult> exchange(const Exchange& request) = 0;

  // Not for one that was ended or expired, or whose user is disabled.
  virtual Result<std::optional<LiveSession>> find_live(const std::string& id, std::int64_t now) = 0;
  virtual Result<std::optional<std::string>> session_of(const std::string& token_hash) = 0;
  virtual Result<std::vector<Session>> list_live(const std::string& user, std::int64_t now) = 0;  // latest use first

  // False when the user has no such live session.
  virtual Result<bool> end(const std::string& id, const std::string& user, const std::string& why,
                           std::int64_t now) = 0;
  // All of the user's but `except`; the ids of those that were live.
  virtual Result<std::vector<std::string>> end_all(const std::string& user, const std::string& except,
                                                   const std::string& why, std::int64_t now) = 0;
  // Forgets sessions that were over before that moment.
  virtual Result<std::int64_t> forget(std::int64_t before) = 0;
};

}  // namespace vf::store
