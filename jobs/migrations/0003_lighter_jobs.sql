-- An IN list of more than two values fills a table in memory each time a row is checked: a quarter of what it costs to enqueue
-- a job. The same checks as comparisons cost nothing. AUTOINCREMENT writes the page of sqlite_sequence with each job, one of four;
-- its row is written only when the newest job is deleted now. Tables are made again for both, as SQLite describes
-- (https://sqlite.org/lang_altertable.html#otheralter); the columns stand as they did.

CREATE TABLE task_next (
  -- never given twice, because (id, claims) is the fencing token of a delivery: see the trigger
  id             INTEGER NOT NULL PRIMARY KEY,
  queue          TEXT NOT NULL,
  -- '' or the kind whose concurrency is limited, or '@' and the only worker that may run it
  lane           TEXT NOT NULL DEFAULT '',
  name           TEXT NOT NULL,
  state          TEXT NOT NULL CHECK (state = 'waiting' OR state = 'scheduled' OR state = 'running' OR state = 'done'
                   OR state = 'dead' OR state = 'canceled' OR state = 'expired'),
  priority       INTEGER NOT NULL DEFAULT 0,
  -- no json_valid here: a row that was edited by hand must reach the dead letters, not block the file
  payload        TEXT NOT NULL,
  due            INTEGER,
  expires        INTEGER,
  unique_key     TEXT,
  unique_scope   TEXT CHECK (unique_scope = 'waiting' OR unique_scope = 'running' OR unique_scope = 'period'),
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
  -- how far it had come when its worker last died
  lost_progress  TEXT,
  CHECK (state <> 'scheduled' OR due IS NOT NULL)
) STRICT;

INSERT INTO task_next SELECT * FROM task ORDER BY id;
CREATE TABLE task_numbers AS SELECT seq FROM sqlite_sequence WHERE name = 'task';
DROP TABLE task;
ALTER TABLE task_next RENAME TO task;
INSERT INTO sqlite_sequence (name, seq) SELECT 'task', seq FROM task_numbers;
DROP TABLE task_numbers;

-- A new job's number is above that of every job and above this one.
CREATE TRIGGER task_number_stays BEFORE DELETE ON task WHEN old.id >= (SELECT max(id) FROM task)
BEGIN
  INSERT INTO sqlite_sequence (name, seq) SELECT 'task', 0 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'task');
  UPDATE sqlite_sequence SET seq = max(seq, old.id) WHERE name = 'task';
END;

CREATE INDEX task_waiting ON task (queue, lane, priority DESC, id) WHERE state = 'waiting';
CREATE INDEX task_scheduled ON task (due) WHERE state = 'scheduled';
CREATE INDEX task_running ON task (queue, lane) WHERE state = 'running';
CREATE INDEX task_dead ON task (id) WHERE state = 'dead';
CREATE UNIQUE INDEX task_unique ON task (queue, unique_key) WHERE unique_live = 1;

CREATE TABLE job_event_next (
  id      INTEGER NOT NULL PRIMARY KEY,
  task_id INTEGER NOT NULL,
  at      INTEGER NOT NULL,
  event   TEXT NOT NULL CHECK (event = 'enqueued' OR event = 'scheduled' OR event = 'due' OR event = 'started'
                   OR event = 'done' OR event = 'retry' OR event = 'dead' OR event = 'canceled'
                   OR event = 'expired' OR event = 'released' OR event = 'rescued' OR event = 'returned'
                   OR event = 'overdue' OR event = 'cancel asked'),
  claim   INTEGER,
  worker  INTEGER,
  reason  TEXT,
  detail  TEXT
) STRICT;

INSERT INTO job_event_next SELECT * FROM job_event ORDER BY id;
DROP TABLE job_event;
ALTER TABLE job_event_next RENAME TO job_event;
