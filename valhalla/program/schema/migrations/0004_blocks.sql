-- Schema 5: the state of the sandbox blocks. Working tables. Times and durations are microseconds.

-- What may happen how often. Sliding exactly: the times of the last max_actions allowed calls stand in governor_slot, call
-- number n in slot n % max_actions, so the next call is allowed when the time it would overwrite has left the window.
CREATE TABLE governor_limit (
  resource    TEXT NOT NULL PRIMARY KEY,
  max_actions INTEGER NOT NULL CHECK (max_actions >= 0),
  window      INTEGER NOT NULL CHECK (window > 0),
  allowed     INTEGER NOT NULL DEFAULT 0,
  denied      INTEGER NOT NULL DEFAULT 0,
  last_at     INTEGER NOT NULL DEFAULT 0,
  updated_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE governor_slot (
  resource TEXT NOT NULL,
  slot     INTEGER NOT NULL,
  at       INTEGER NOT NULL,
  PRIMARY KEY (resource, slot)
) STRICT, WITHOUT ROWID;

CREATE TABLE governor_violation (
  id          INTEGER NOT NULL PRIMARY KEY,
  at          INTEGER NOT NULL,
  resource    TEXT NOT NULL,
  max_actions INTEGER NOT NULL,
  window      INTEGER NOT NULL
) STRICT;

-- A key is reserved by one worker (see table worker) while its function runs, then holds the result.
CREATE TABLE idempotency_key (
  key        TEXT NOT NULL PRIMARY KEY,
  state      TEXT NOT NULL CHECK (state IN ('reserved', 'done')),
  owner      INTEGER NOT NULL,
  result     TEXT,
  created_at INTEGER NOT NULL,
  expires    INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX idempotency_expiry ON idempotency_key (expires) WHERE expires IS NOT NULL;

CREATE TABLE dry_run_log (
  id             INTEGER NOT NULL PRIMARY KEY,
  at             INTEGER NOT NULL,
  action         TEXT NOT NULL,
  status         TEXT NOT NULL CHECK (status IN ('dry_run_blocked', 'executed', 'error')),
  error          TEXT,
  correlation_id TEXT
) STRICT;

CREATE TABLE retry_log (
  id             INTEGER NOT NULL PRIMARY KEY,
  at             INTEGER NOT NULL,
  task           TEXT NOT NULL,
  attempt        INTEGER NOT NULL,
  status         TEXT NOT NULL CHECK (status IN ('success', 'failed')),
  result         TEXT,
  error          TEXT,
  correlation_id TEXT
) STRICT;

CREATE TABLE heartbeat (
  name       TEXT NOT NULL PRIMARY KEY,
  pid        INTEGER NOT NULL,
  interval   INTEGER NOT NULL,
  timeout    INTEGER NOT NULL,
  beats      INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  beat_at    INTEGER NOT NULL,
  stopped_at INTEGER
) STRICT, WITHOUT ROWID;
