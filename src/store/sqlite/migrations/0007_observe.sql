-- Where work stands in a trace (W3C Trace Context: a traceparent, or empty), what an event is about, the address
-- of what a repeated order made, and files that jobs use beside their video.

ALTER TABLE jobs ADD COLUMN trace TEXT NOT NULL DEFAULT '';
ALTER TABLE uploads ADD COLUMN trace TEXT NOT NULL DEFAULT '';
ALTER TABLE events ADD COLUMN about TEXT NOT NULL DEFAULT 'job';  -- job, video
ALTER TABLE idempotency ADD COLUMN location TEXT NOT NULL DEFAULT '';

CREATE TABLE assets (
  id TEXT PRIMARY KEY,
  owner TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('picture', 'subtitles')),
  file_name TEXT NOT NULL,        -- as the client called it; never part of a path
  content_type TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  size INTEGER NOT NULL,
  info TEXT NOT NULL,             -- what parsing found, as JSON
  created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX assets_by_owner ON assets (owner, created_at DESC, id);
