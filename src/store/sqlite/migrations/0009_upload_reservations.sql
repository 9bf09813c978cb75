-- What an upload of unknown length may have taken so far: it counts as its owner's storage while it comes.
ALTER TABLE uploads ADD COLUMN reserved INTEGER NOT NULL DEFAULT 0;
