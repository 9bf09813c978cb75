-- What one account may use where that differs from its role's share: NULL: as the role, 0: no bound.
CREATE TABLE quotas (
  user TEXT PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
  storage INTEGER,                       -- bytes
  minutes INTEGER,                       -- of media a calendar month
  jobs INTEGER,                          -- waiting or running at a time
  uploads INTEGER,                       -- begun within 24 hours
  updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- How much media each accepted job reads. It outlives the job and the video: deleting gives no minutes back.
-- Triggers write it, so that it changes in the transaction that accepts a job, whoever orders it.
CREATE TABLE media_use (
  job TEXT PRIMARY KEY,
  owner TEXT NOT NULL,
  video TEXT NOT NULL,
  at INTEGER NOT NULL,
  milliseconds INTEGER                   -- NULL until the video's duration is known
) STRICT, WITHOUT ROWID;
CREATE INDEX media_use_by_owner ON media_use (owner, at);
CREATE INDEX media_use_unknown ON media_use (video) WHERE milliseconds IS NULL;
-- An import only fetches; the job that follows it reads the media.
CREATE TRIGGER media_use_of_a_job AFTER INSERT ON jobs WHEN new.video IS NOT NULL AND new.kind <> 'import' BEGIN
  INSERT OR IGNORE INTO media_use (job, owner, video, at, milliseconds)
  VALUES (new.id, new.owner, new.video, new.created_at, (SELECT duration_ms FROM videos WHERE id = new.video));
END;
CREATE TRIGGER media_use_is_known AFTER UPDATE OF duration_ms ON videos WHEN new.duration_ms IS NOT NULL BEGIN
  UPDATE media_use SET milliseconds = new.duration_ms WHERE video = new.id AND milliseconds IS NULL;
END;

-- A password alone does not sign in: a passkey (or a code, where the account has an app) has to follow.
ALTER TABLE users ADD COLUMN passkey_required INTEGER NOT NULL DEFAULT 0;
-- Accounts have events of their own, such as a mail that is to be sent.
ALTER TABLE users ADD COLUMN events INTEGER NOT NULL DEFAULT 0;
CREATE INDEX users_by_email ON users (lower(email)) WHERE email IS NOT NULL;
