-- The queue. Working tables: nothing here is evidence except through sealed ranges of job_event.
-- Times are UTC microseconds. A job is one row of task from its enqueueing to its pruning; it is never deleted to run it.

CREATE TABLE task (
  -- AUTOINCREMENT: an id is never given twice, because (id, claims) is the fencing token of a delivery
  id             INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  queue          TEXT NOT NULL,
  -- '' or the kind whose concurrency is limited, or '@' and the only worker that may run it
  lane           TEXT NOT NULL DEFAULT '',
  name           TEXT NOT NULL,
  state          TEXT NOT NULL CHECK (state IN
                   ('waiting', 'scheduled', 'running', 'done', 'dead', 'canceled', 'expired')),
  priority       INTEGER NOT NULL DEFAULT 0,
  -- no json_valid here: a row that was edited by hand must reach the dead letters, not block the file
  payload        TEXT NOT NULL,
  due            INTEGER,
  expires        INTEGER,
  unique_key     TEXT,
  unique_scope   TEXT CHECK (unique_scope IN ('waiting', 'running', 'period')),
  unique_until   INTEGER,
  unique_live    INTEGER NOT NULL DEFAULT 0,
  tags           TEXT,
  correlation_id TEXT,
  parent_id      INTEGER,
  -- how often it was handed to a worker, begun, failed, and left behind by a worker that died
  claims         INTEGER NOT NULL DEFAULT 0,
  tries          INTEGER NOT NULL DEFAULT 0,
  failures       INTEGER NOT NULL DEFAULT 0,
  lost           INTEGER NOT NULL DEFAULT 0,
  -- 1: a worker died while it had this row; it runs alone, its start committed first, until it makes progress
  suspect        INTEGER NOT NULL DEFAULT 0,
  cancel         INTEGER NOT NULL DEFAULT 0,
  owner          INTEGER,
  lease          INTEGER,
  created_at     INTEGER NOT NULL,
  started_at     INTEGER,
  finished_at    INTEGER,
  progress       TEXT,
  result         TEXT,
  error          TEXT,
  CHECK (state <> 'scheduled' OR due IS NOT NULL)
) STRICT;

-- the head of each is the next to be claimed; rows that do not wait are not in it
CREATE INDEX task_waiting ON task (queue, lane, priority DESC, id) WHERE state = 'waiting';
CREATE INDEX task_scheduled ON task (due) WHERE state = 'scheduled';
CREATE INDEX task_running ON task (queue, lane) WHERE state = 'running';
CREATE INDEX task_dead ON task (id) WHERE state = 'dead';
CREATE UNIQUE INDEX task_unique ON task (queue, unique_key) WHERE unique_live = 1;

-- What happened to each job: when, by which worker, in which claim, why. No index on task_id: it would be one more page
-- in every commit of every job (a tenth of the time of a small one); a job's events are found by the time it was made.
CREATE TABLE job_event (
  id      INTEGER NOT NULL PRIMARY KEY,
  task_id INTEGER NOT NULL,
  at      INTEGER NOT NULL,
  event   TEXT NOT NULL CHECK (event IN
            ('enqueued', 'scheduled', 'due', 'started', 'done', 'retry', 'dead', 'canceled', 'expired',
             'released', 'rescued', 'returned', 'overdue', 'cancel asked')),
  claim   INTEGER,
  worker  INTEGER,
  reason  TEXT,
  detail  TEXT
) STRICT;

-- Huey's key-value store: locks, revocations, chord results. A lock names its worker, so that it dies with it.
CREATE TABLE kv (
  queue   TEXT NOT NULL,
  key     TEXT NOT NULL,
  value   BLOB NOT NULL,
  owner   INTEGER,
  expires INTEGER,
  PRIMARY KEY (queue, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE counter (
  queue TEXT NOT NULL,
  key   TEXT NOT NULL,
  value INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (queue, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE queue_state (
  queue  TEXT NOT NULL PRIMARY KEY,
  paused INTEGER NOT NULL DEFAULT 0 CHECK (paused IN (0, 1)),
  at     INTEGER NOT NULL,
  actor  TEXT NOT NULL,
  reason TEXT
) STRICT, WITHOUT ROWID;

-- one row per cycle: the slot that was taken last, and what became of the others
CREATE TABLE cycle_slot (
  queue   TEXT NOT NULL,
  name    TEXT NOT NULL,
  spec    TEXT NOT NULL,
  last_at INTEGER NOT NULL,
  fired   INTEGER NOT NULL DEFAULT 0,
  missed  INTEGER NOT NULL DEFAULT 0,
  overrun INTEGER NOT NULL DEFAULT 0,
  jumps   INTEGER NOT NULL DEFAULT 0,
  task_id INTEGER,
  PRIMARY KEY (queue, name)
) STRICT, WITHOUT ROWID;

-- who works on the queue; token names the lock file that the operating system drops when the process dies
CREATE TABLE worker (
  id              INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  token           TEXT NOT NULL UNIQUE,
  queue           TEXT NOT NULL,
  host            TEXT NOT NULL,
  pid             INTEGER NOT NULL,
  process_started INTEGER NOT NULL,
  threads         INTEGER NOT NULL DEFAULT 0,
  started_at      INTEGER NOT NULL,
  beat_at         INTEGER NOT NULL,
  stopped_at      INTEGER
) STRICT;

-- which ranges of job_event stand in the audit chain
CREATE TABLE job_seal (
  last   INTEGER NOT NULL PRIMARY KEY,
  first  INTEGER NOT NULL,
  events INTEGER NOT NULL,
  digest TEXT NOT NULL,
  at     INTEGER NOT NULL
) STRICT;
