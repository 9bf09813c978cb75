
CREATE TABLE users (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  name_key TEXT NOT NULL UNIQUE,         -- the name in small letters: Marie and marie are one
  email TEXT,                            -- as given, not verified, not unique
  password TEXT NOT NULL,                -- argon2id; empty: no password can sign in
  role TEXT NOT NULL CHECK (role IN ('viewer', 'user', 'admin')),
  disabled INTEGER NOT NULL DEFAULT 0,
  totp TEXT NOT NULL DEFAULT '',         -- sealed; empty: no second factor
  totp_active INTEGER NOT NULL DEFAULT 0,  -- confirmed by a first code
  totp_step INTEGER NOT NULL DEFAULT 0,  -- the last step whose code was taken
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  password_changed_at INTEGER NOT NULL,
  signed_in_at INTEGER
) STRICT;
CREATE INDEX users_by_role ON users (role, disabled);

CREATE TABLE recovery_codes (
  user TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  hash TEXT NOT NULL,
  used_at INTEGER,
  PRIMARY KEY (user, hash)
) STRICT, WITHOUT ROWID;

-- What is good once: an invitation to register, a link to set a new password.
CREATE TABLE tickets (
  id TEXT PRIMARY KEY,
  hash TEXT NOT NULL UNIQUE,
  purpose TEXT NOT NULL CHECK (purpose IN ('invitation', 'reset')),
  user TEXT REFERENCES users (id) ON DELETE CASCADE,  -- whose password; NULL for an invitation
  role TEXT NOT NULL,                    -- of whoever is invited
  note TEXT NOT NULL,
  created_by TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  used_at INTEGER,
  used_by TEXT
) STRICT;

CREATE TABLE linked_accounts (
  issuer TEXT NOT NULL,
  subject TEXT NOT NULL,
  user TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (issuer, subject)
) STRICT, WITHOUT ROWID;
CREATE INDEX linked_accounts_by_user ON linked_accounts (user);

CREATE TABLE sessions (
  id TEXT PRIMARY KEY,
  user TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  device TEXT NOT NULL,                  -- what the client called itself
  address TEXT NOT NULL,                 -- of its last use
  browser INTEGER NOT NULL,              -- the refresh token lives in a cookie
  created_at INTEGER NOT NULL,
  used_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  revoked_at INTEGER,
  revoked_why TEXT
) STRICT;
CREATE INDEX sessions_by_user ON sessions (user, used_at);
CREATE INDEX sessions_by_end ON sessions (expires_at);

-- Every refresh token of a session that still counts, used ones too: that is how a replay is known.
CREATE TABLE refresh_tokens (
  hash TEXT PRIMARY KEY,
  session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
  issued_at INTEGER NOT NULL,
  used_at INTEGER,
  used_by TEXT,                          -- the client that used it: hash of address and User-Agent
  successor TEXT                         -- hash of the token it was exchanged for
) STRICT, WITHOUT ROWID;
CREATE INDEX refresh_tokens_by_session ON refresh_tokens (session);

CREATE TABLE api_keys (
  id TEXT PRIMARY KEY,
  user TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  prefix TEXT NOT NULL UNIQUE,
  hash TEXT NOT NULL,                    -- SHA-256 of the secret
  previous_hash TEXT,                    -- before the last rotation, good until
  previous_until INTEGER,
  role TEXT NOT NULL,                    -- at most its owner's
  scopes TEXT NOT NULL,                  -- JSON array; empty: all of the role
  allowed_cidrs TEXT NOT NULL,           -- JSON array; empty: from anywhere
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  revoked_at INTEGER,
  used_at INTEGER,
  used_from TEXT
) STRICT;
CREATE INDEX api_keys_by_user ON api_keys (user, id);

CREATE TABLE audit (
  sequence INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,                   -- user id; empty: nobody signed in
  actor_name TEXT NOT NULL,
  via TEXT NOT NULL,                     -- "session 0193..", "key 0193..", "command line"
  action TEXT NOT NULL,
  target TEXT NOT NULL,
  address TEXT NOT NULL,
  outcome TEXT NOT NULL,
  detail TEXT NOT NULL,
  hash TEXT NOT NULL                     -- SHA-256 over the previous hash and this row (store/audit_chain.h)
) STRICT;
CREATE INDEX audit_by_actor ON audit (actor, sequence);
CREATE INDEX audit_by_action ON audit (action, sequence);
CREATE INDEX audit_by_target ON audit (target, sequence);
CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_is_not_erased BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;

-- Secrets of the server itself, sealed by the key file: signing keys, the key of signed links.
CREATE TABLE secrets (
  name TEXT PRIMARY KEY,
  sealed TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;
