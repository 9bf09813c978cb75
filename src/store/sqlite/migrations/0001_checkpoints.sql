
CREATE TABLE checkpoints (
  key TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  output TEXT NOT NULL,          -- jobs::StageOutput as JSON
  usage TEXT NOT NULL,           -- jobs::StageUsage as JSON
  created_at INTEGER NOT NULL,   -- Unix seconds
  used_at INTEGER NOT NULL
) STRICT;
CREATE INDEX checkpoints_by_use ON checkpoints (used_at);

CREATE TABLE checkpoint_blobs (
  key TEXT NOT NULL REFERENCES checkpoints (key) ON DELETE CASCADE,
  sha256 TEXT NOT NULL,
  size INTEGER NOT NULL,         -- bytes
  PRIMARY KEY (key, sha256)
) STRICT, WITHOUT ROWID;
CREATE INDEX checkpoint_blobs_by_hash ON checkpoint_blobs (sha256);

CREATE TABLE sources (
  device INTEGER NOT NULL,
  inode INTEGER NOT NULL,
  size INTEGER NOT NULL,
  modified_ns INTEGER NOT NULL,
  changed_ns INTEGER NOT NULL,
  sha256 TEXT NOT NULL,
  PRIMARY KEY (device, inode)
) STRICT, WITHOUT ROWID;
