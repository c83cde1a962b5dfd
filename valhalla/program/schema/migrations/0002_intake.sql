-- What a person decides about lists and leads: do-not-contact, duplicates and merges, changes to review, undone imports.
-- And the working data behind search and duplicates, which a job fills after imports.

-- imports --------------------------------------------------------------------------------------------------

-- The file's own column names in order; with them a rejected row can be written as it stood in its list.
ALTER TABLE import ADD COLUMN names TEXT;

-- 1: a list of rejects that this program wrote and a person repaired; it belongs to the source that the rejects came
-- from, whatever its path says.
ALTER TABLE file ADD COLUMN adopted INTEGER NOT NULL DEFAULT 0;

CREATE INDEX reject_open ON reject (file_id, line) WHERE state = 'open';

CREATE TABLE import_undo (
  import_id INTEGER NOT NULL PRIMARY KEY REFERENCES import (id),
  at        INTEGER NOT NULL,
  actor     TEXT NOT NULL,
  reversed  INTEGER NOT NULL DEFAULT 0,
  kept      INTEGER NOT NULL DEFAULT 0,
  failed    INTEGER NOT NULL DEFAULT 0,
  items     TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(items))
) STRICT;

-- leads ----------------------------------------------------------------------------------------------------

-- Numbers of leads that were removed are not given out again: people and outcomes remember them.
ALTER TABLE lead_generation ADD COLUMN last_id INTEGER NOT NULL DEFAULT 0;

CREATE TABLE suppression (
  id         INTEGER NOT NULL PRIMARY KEY,
  kind       TEXT NOT NULL CHECK (kind = 'email' OR kind = 'phone' OR kind = 'domain'),
  value      TEXT,
  digest     TEXT NOT NULL,
  origin     TEXT NOT NULL CHECK (origin = 'operator' OR origin = 'list' OR origin = 'opted_out' OR origin = 'forgotten'),
  reason     TEXT,
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  removed_at INTEGER,
  removed_by TEXT
) STRICT;

CREATE UNIQUE INDEX suppression_in_force ON suppression (kind, digest) WHERE removed_at IS NULL;

-- The version moves with every change of the list. The salt makes the digests of forgotten people useless elsewhere.
CREATE TABLE suppression_state (
  id      INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
  version INTEGER NOT NULL,
  salt    BLOB NOT NULL
) STRICT;

INSERT INTO suppression_state (id, version, salt) VALUES (1, 0, randomblob(16));

CREATE TABLE duplicate (
  id         INTEGER NOT NULL PRIMARY KEY,
  lead_id    INTEGER NOT NULL,
  other_id   INTEGER NOT NULL,
  phone_key  INTEGER NOT NULL,
  state      TEXT NOT NULL DEFAULT 'open' CHECK (state = 'open' OR state = 'merged' OR state = 'different'),
  found_at   INTEGER NOT NULL,
  decided_at INTEGER,
  decided_by TEXT,
  UNIQUE (lead_id, other_id)
) STRICT;

CREATE INDEX duplicate_open ON duplicate (phone_key, lead_id) WHERE state = 'open';

CREATE TABLE lead_merge (
  id        INTEGER NOT NULL PRIMARY KEY,
  kept_id   INTEGER NOT NULL REFERENCES lead (id),
  merged_id INTEGER NOT NULL REFERENCES lead (id),
  at        INTEGER NOT NULL,
  actor     TEXT NOT NULL,
  body      TEXT NOT NULL CHECK (json_valid(body)),
  undone_at INTEGER,
  undone_by TEXT
) STRICT;

CREATE UNIQUE INDEX lead_merge_in_force ON lead_merge (merged_id) WHERE undone_at IS NULL;

-- Changes that a list asks for and whose source is to be reviewed by a person first.
CREATE TABLE lead_change (
  id          INTEGER NOT NULL PRIMARY KEY,
  lead_id     INTEGER NOT NULL,
  import_id   INTEGER NOT NULL REFERENCES import (id),
  line        INTEGER NOT NULL,
  fingerprint INTEGER NOT NULL,
  body        TEXT NOT NULL CHECK (json_valid(body)),
  state       TEXT NOT NULL DEFAULT 'open' CHECK (state = 'open' OR state = 'accepted' OR state = 'declined'),
  at          INTEGER NOT NULL,
  decided_at  INTEGER,
  decided_by  TEXT,
  UNIQUE (lead_id, fingerprint)
) STRICT;

-- working data: search and shared phone numbers ------------------------------------------------------------

-- How far the job has come: all leads up to lead_id, all changes up to history_id.
CREATE TABLE lead_index_state (
  id         INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
  lead_id    INTEGER NOT NULL,
  history_id INTEGER NOT NULL
) STRICT;

INSERT INTO lead_index_state (id, lead_id, history_id) VALUES (1, 0, 0);

CREATE TABLE lead_phone (
  phone_key INTEGER NOT NULL,
  lead_id   INTEGER NOT NULL,
  PRIMARY KEY (phone_key, lead_id)
) STRICT, WITHOUT ROWID;

CREATE VIRTUAL TABLE lead_search USING fts5 (text, detail = none, columnsize = 0, tokenize = 'unicode61 remove_diacritics 2');
