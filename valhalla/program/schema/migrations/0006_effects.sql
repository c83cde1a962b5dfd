-- Schema 7: what leaves the computer or cannot be taken back. A row first, an act later.

CREATE TABLE effect (
  id             INTEGER NOT NULL PRIMARY KEY,
  kind           TEXT NOT NULL CHECK (kind IN ('webhook', 'email', 'export', 'purge')),
  state          TEXT NOT NULL CHECK (state IN
                   ('drafted', 'approved', 'running', 'done', 'denied', 'blocked', 'failed', 'uncertain')),
  target         TEXT NOT NULL,
  payload        TEXT NOT NULL CHECK (json_valid(payload)),
  lead_id        INTEGER,
  key            TEXT NOT NULL UNIQUE,
  reason         TEXT,
  tries          INTEGER NOT NULL DEFAULT 0,
  -- 1: the call has begun and its end is not recorded yet
  sending        INTEGER NOT NULL DEFAULT 0 CHECK (sending IN (0, 1)),
  owner          INTEGER,
  response       TEXT,
  correlation_id TEXT NOT NULL,
  drafted_at     INTEGER NOT NULL,
  drafted_by     TEXT NOT NULL,
  approved_at    INTEGER,
  approved_by    TEXT,
  finished_at    INTEGER
) STRICT;

CREATE INDEX effect_open ON effect (state, id) WHERE state <> 'done';
CREATE INDEX effect_by_lead ON effect (lead_id) WHERE lead_id IS NOT NULL;

-- Approves drafts of one kind by itself, so many in any day.
CREATE TABLE standing_approval (
  id         INTEGER NOT NULL PRIMARY KEY,
  kind       TEXT NOT NULL CHECK (kind IN ('webhook', 'email', 'export')),
  per_day    INTEGER NOT NULL CHECK (per_day > 0),
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  ended_at   INTEGER,
  ended_by   TEXT
) STRICT;

-- While one of these is open for the run that works, the dry-run lock is off.
CREATE TABLE live_session (
  id        INTEGER NOT NULL PRIMARY KEY,
  run_id    INTEGER NOT NULL REFERENCES run (id),
  opened_at INTEGER NOT NULL,
  opened_by TEXT NOT NULL,
  until     INTEGER NOT NULL,
  closed_at INTEGER,
  closed_by TEXT
) STRICT;
