-- Videos, jobs with their stages, the event log, uploads, playlists. Times are Unix milliseconds, ids are
-- UUIDv7 text, JSON is text.

CREATE TABLE videos (
  id TEXT PRIMARY KEY,
  owner TEXT NOT NULL,
  title TEXT NOT NULL,
  description TEXT NOT NULL DEFAULT '',
  tags TEXT NOT NULL DEFAULT '[]',
  visibility TEXT NOT NULL CHECK (visibility IN ('public', 'unlisted', 'private')),
  state TEXT NOT NULL CHECK (state IN ('uploading', 'processing', 'playable', 'ready', 'failed')),
  file_name TEXT NOT NULL,
  source_sha256 TEXT,             -- empty until the bytes are there
  source_size INTEGER,
  info TEXT,                      -- what probe found, as JSON
  duration_ms INTEGER,
  width INTEGER,
  height INTEGER,
  error TEXT,                     -- {code, message} where the state is failed
  salt TEXT NOT NULL,             -- signed links hold it; a new one revokes them
  events INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  expires_at INTEGER
) STRICT;
CREATE INDEX videos_by_owner ON videos (owner, created_at DESC, id);
CREATE INDEX videos_by_visibility ON videos (visibility, created_at DESC, id);
CREATE INDEX videos_by_expiry ON videos (expires_at) WHERE expires_at IS NOT NULL;
CREATE VIRTUAL TABLE video_search USING fts5 (video_id UNINDEXED, title, description, tags);

-- What a video or a job offers for download or playback: names over blobs.
CREATE TABLE files (
  subject TEXT NOT NULL,          -- the video or the job
  name TEXT NOT NULL,
  content_type TEXT NOT NULL,
  size INTEGER NOT NULL,
  etag TEXT NOT NULL,
  pieces TEXT NOT NULL,           -- [{sha256, offset, size}]
  PRIMARY KEY (subject, name)
) STRICT, WITHOUT ROWID;

-- Who needs a blob. What nobody names, and no checkpoint either, is collected.
CREATE TABLE blob_references (
  sha256 TEXT NOT NULL,
  subject TEXT NOT NULL,
  size INTEGER NOT NULL,
  PRIMARY KEY (sha256, subject)
) STRICT, WITHOUT ROWID;
CREATE INDEX blob_references_by_subject ON blob_references (subject);

CREATE TABLE captions (
  video TEXT NOT NULL REFERENCES videos (id) ON DELETE CASCADE,
  language TEXT NOT NULL,
  label TEXT NOT NULL,
  webvtt TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (video, language)
) STRICT, WITHOUT ROWID;

CREATE TABLE jobs (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  owner TEXT NOT NULL,
  video TEXT REFERENCES videos (id) ON DELETE CASCADE,
  params TEXT NOT NULL,
  priority INTEGER NOT NULL DEFAULT 0,
  state TEXT NOT NULL CHECK (state IN ('pending', 'processing', 'paused', 'completed', 'failed', 'cancelled')),
  reason TEXT,                    -- why it is paused
  error TEXT,                     -- {code, message, stage}
  result TEXT,
  correlation TEXT NOT NULL,
  round INTEGER NOT NULL DEFAULT 0,   -- how often the plan was extended
  progress REAL NOT NULL DEFAULT 0,   -- 0 to 1, never falling
  round_from REAL NOT NULL DEFAULT 0, -- the part of the progress bar that this round's stages fill
  round_to REAL NOT NULL DEFAULT 0,
  sources TEXT NOT NULL DEFAULT '{}', -- that this round's stages read: name -> {sha256, size}
  events INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  started_at INTEGER,
  finished_at INTEGER,
  expires_at INTEGER
) STRICT;
CREATE INDEX jobs_by_owner ON jobs (owner, created_at DESC, id);
CREATE INDEX jobs_by_state ON jobs (state, created_at DESC, id);
CREATE INDEX jobs_by_video ON jobs (video, created_at DESC, id);

-- A job's plan, stage by stage. The stage "drive/N" is the job's own step in the worker: it extends the plan
-- or finishes the job.
CREATE TABLE stages (
  job TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
  id TEXT NOT NULL,
  kind TEXT NOT NULL,
  grp TEXT NOT NULL,
  round INTEGER NOT NULL,
  stage TEXT NOT NULL,            -- jobs::Stage as JSON
  state TEXT NOT NULL CHECK (state IN ('blocked', 'ready', 'running', 'done', 'skipped', 'failed')),
  light INTEGER NOT NULL,         -- 1: never waits behind heavy ones
  priority INTEGER NOT NULL,      -- of the stage in its plan
  cpu_seconds REAL NOT NULL,      -- expected
  memory_bytes INTEGER NOT NULL,  -- expected
  waits_for INTEGER NOT NULL,     -- stages of the same job that are not done yet
  attempts INTEGER NOT NULL DEFAULT 0,
  not_before INTEGER NOT NULL DEFAULT 0,
  token INTEGER NOT NULL DEFAULT 0,   -- fencing: grows with every lease
  worker TEXT,
  fraction REAL NOT NULL DEFAULT 0,
  output TEXT,                    -- jobs::StageOutput as JSON
  usage TEXT,                     -- jobs::StageUsage as JSON
  error TEXT,
  started_at INTEGER,
  finished_at INTEGER,
  PRIMARY KEY (job, round, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX stages_ready ON stages (light, priority DESC, cpu_seconds DESC) WHERE state = 'ready';
CREATE INDEX stages_running ON stages (worker) WHERE state = 'running';
CREATE INDEX stages_leased ON stages (token) WHERE state = 'running';

CREATE TABLE stage_inputs (
  job TEXT NOT NULL,
  round INTEGER NOT NULL,
  input TEXT NOT NULL,            -- this one
  stage TEXT NOT NULL,            -- is waited for by that one
  PRIMARY KEY (job, round, input, stage),
  FOREIGN KEY (job, round, stage) REFERENCES stages (job, round, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX stage_inputs_by_stage ON stage_inputs (job, round, stage);

-- Fair share: processor seconds given to each owner; the one with the least is served next.
CREATE TABLE shares (
  owner TEXT PRIMARY KEY,
  given REAL NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE counters (
  name TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO counters (name, value) VALUES ('lease', 0);

CREATE TABLE workers (
  id TEXT PRIMARY KEY,
  host TEXT NOT NULL,
  pid INTEGER NOT NULL,
  slots INTEGER NOT NULL,
  beat INTEGER NOT NULL,          -- grows while it lives; observers watch it with clocks of their own
  started_at INTEGER NOT NULL,
  seen_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Every change of state, in order. `number` counts per subject and has no gaps.
CREATE TABLE events (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  subject TEXT NOT NULL,
  number INTEGER NOT NULL,
  type TEXT NOT NULL,
  data TEXT NOT NULL,
  owner TEXT NOT NULL,
  at INTEGER NOT NULL,
  UNIQUE (subject, number)
) STRICT;

CREATE TABLE uploads (
  id TEXT PRIMARY KEY,
  owner TEXT NOT NULL,
  protocol TEXT NOT NULL CHECK (protocol IN ('tus', 'presigned', 'multipart', 'import')),
  state TEXT NOT NULL CHECK (state IN ('open', 'done', 'failed')),
  file_name TEXT NOT NULL,
  size INTEGER,                   -- declared; empty where the client tells later
  metadata TEXT NOT NULL,         -- as the client gave it, for its own use
  details TEXT NOT NULL,          -- title, tags, visibility ... of the video to be
  video TEXT,                     -- once done
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX uploads_by_owner ON uploads (owner, created_at);
CREATE INDEX uploads_by_expiry ON uploads (expires_at) WHERE state = 'open';

CREATE TABLE playlists (
  id TEXT PRIMARY KEY,
  owner TEXT NOT NULL,
  title TEXT NOT NULL,
  description TEXT NOT NULL,
  visibility TEXT NOT NULL CHECK (visibility IN ('public', 'unlisted', 'private')),
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX playlists_by_owner ON playlists (owner, created_at DESC, id);
CREATE INDEX playlists_by_visibility ON playlists (visibility, created_at DESC, id);

CREATE TABLE playlist_items (
  playlist TEXT NOT NULL REFERENCES playlists (id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  video TEXT NOT NULL REFERENCES videos (id) ON DELETE CASCADE,
  PRIMARY KEY (playlist, position),
  UNIQUE (playlist, video)
) STRICT, WITHOUT ROWID;
CREATE INDEX playlist_items_by_video ON playlist_items (video);

-- The first answer to a POST that carried an Idempotency-Key.
CREATE TABLE idempotency (
  owner TEXT NOT NULL,
  key TEXT NOT NULL,
  request TEXT NOT NULL,          -- SHA-256 of method, path and body
  status INTEGER NOT NULL,
  answer TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (owner, key)
) STRICT, WITHOUT ROWID;
