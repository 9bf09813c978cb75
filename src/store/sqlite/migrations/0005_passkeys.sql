
CREATE TABLE passkeys (
  id TEXT PRIMARY KEY,                   -- credential id, base64url
  user TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  public_key TEXT NOT NULL,              -- JWK
  sign_count INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  used_at INTEGER
) STRICT;
CREATE INDEX passkeys_by_user ON passkeys (user, created_at);
