-- Schema 1: what the main job needs.
-- Times are UTC microseconds, money is cents, probabilities are parts per million, all INTEGER.
-- Nothing newer than SQLite 3.37, so that an auditor's older tool can open a copy.

-- settings and policy --------------------------------------------------------------------------------------

CREATE TABLE setting (
  key        TEXT NOT NULL PRIMARY KEY,
  value      TEXT NOT NULL CHECK (json_valid(value)),
  updated_at INTEGER NOT NULL,
  updated_by TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE policy (
  version    INTEGER NOT NULL PRIMARY KEY,
  body       TEXT NOT NULL CHECK (json_valid(body)),
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  reason     TEXT NOT NULL
) STRICT;

CREATE TABLE model_snapshot (
  id         INTEGER NOT NULL PRIMARY KEY,
  digest     TEXT NOT NULL UNIQUE,
  body       TEXT NOT NULL CHECK (json_valid(body)),
  created_at INTEGER NOT NULL
) STRICT;

-- sources, files and imports -------------------------------------------------------------------------------

CREATE TABLE source (
  id         INTEGER NOT NULL PRIMARY KEY,
  name       TEXT NOT NULL UNIQUE CHECK (name <> ''),
  pattern    TEXT,
  profile    TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(profile)),
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE header (
  id         INTEGER NOT NULL PRIMARY KEY,
  digest     TEXT NOT NULL UNIQUE,
  names      TEXT NOT NULL CHECK (json_valid(names))
) STRICT;

CREATE TABLE mapping (
  id         INTEGER NOT NULL PRIMARY KEY,
  source_id  INTEGER NOT NULL REFERENCES source (id),
  header     TEXT NOT NULL,
  fields     TEXT NOT NULL CHECK (json_valid(fields)),
  origin     TEXT NOT NULL CHECK (origin IN ('recognised', 'suggested', 'accepted')),
  created_at INTEGER NOT NULL,
  UNIQUE (source_id, header)
) STRICT;

CREATE TABLE file (
  id          INTEGER NOT NULL PRIMARY KEY,
  path        TEXT NOT NULL UNIQUE,
  source_id   INTEGER NOT NULL REFERENCES source (id),
  size        INTEGER NOT NULL DEFAULT -1,
  modified_ns INTEGER NOT NULL DEFAULT -1,
  inode       INTEGER NOT NULL DEFAULT -1,
  offset      INTEGER NOT NULL DEFAULT 0,
  digest      TEXT NOT NULL DEFAULT '',
  rows        INTEGER NOT NULL DEFAULT 0,
  rejected    INTEGER NOT NULL DEFAULT 0,
  profile     TEXT NOT NULL DEFAULT '',
  import_id   INTEGER REFERENCES import (id),
  error_code  TEXT,
  error       TEXT,
  looked_at   INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE import (
  id            INTEGER NOT NULL PRIMARY KEY,
  file_id       INTEGER NOT NULL REFERENCES file (id),
  source_id     INTEGER NOT NULL REFERENCES source (id),
  path          TEXT NOT NULL,
  state         TEXT NOT NULL CHECK (state IN ('running', 'done', 'failed', 'undone')),
  kind          TEXT NOT NULL CHECK (kind IN ('whole', 'tail')),
  start         TEXT NOT NULL CHECK (json_valid(start)),
  position      TEXT NOT NULL CHECK (json_valid(position)),
  digest        TEXT NOT NULL DEFAULT '',
  encoding      TEXT,
  delimiter     TEXT,
  header_id     INTEGER REFERENCES header (id),
  fields        TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(fields)),
  profile       TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(profile)),
  warnings      TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(warnings)),
  rows          INTEGER NOT NULL DEFAULT 0,
  new           INTEGER NOT NULL DEFAULT 0,
  updated       INTEGER NOT NULL DEFAULT 0,
  unchanged     INTEGER NOT NULL DEFAULT 0,
  duplicate     INTEGER NOT NULL DEFAULT 0,
  rejected      INTEGER NOT NULL DEFAULT 0,
  blank         INTEGER NOT NULL DEFAULT 0,
  error_code    TEXT,
  error_message TEXT,
  started_at    INTEGER NOT NULL,
  finished_at   INTEGER,
  CHECK (rows = new + updated + unchanged + duplicate + rejected)
) STRICT;

CREATE INDEX import_by_file ON import (file_id, id);

CREATE TABLE import_seen (
  import_id INTEGER NOT NULL,
  lead_id   INTEGER NOT NULL,
  PRIMARY KEY (import_id, lead_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE reject (
  id         INTEGER NOT NULL PRIMARY KEY,
  import_id  INTEGER NOT NULL REFERENCES import (id),
  file_id    INTEGER NOT NULL REFERENCES file (id),
  line       INTEGER NOT NULL,
  column     TEXT,
  code       TEXT NOT NULL,
  message    TEXT NOT NULL,
  value      TEXT,
  raw        TEXT,
  state      TEXT NOT NULL DEFAULT 'open' CHECK (state = 'open' OR state IN ('fixed', 'superseded', 'ignored')),
  created_at INTEGER NOT NULL
) STRICT;

CREATE INDEX reject_by_import ON reject (import_id, line);

-- leads ----------------------------------------------------------------------------------------------------

-- CHECK with OR instead of IN: SQLite builds a table of an IN list anew for every row, which doubles the time of an import.
CREATE TABLE lead (
  id             INTEGER NOT NULL PRIMARY KEY,
  identity       INTEGER NOT NULL,
  fingerprint    INTEGER NOT NULL,
  -- as read
  name           TEXT NOT NULL,
  email          TEXT,
  phone          TEXT,
  value          INTEGER NOT NULL CHECK (value > 0),
  location       TEXT,
  source         TEXT NOT NULL,
  market         TEXT,
  state          TEXT,
  list_date      INTEGER,
  address        TEXT,
  arv            INTEGER,
  repairs        INTEGER,
  sqft           INTEGER,
  condition      TEXT,
  beds           INTEGER,
  distress       TEXT,
  phone_key      INTEGER,
  warnings       TEXT,
  extras         TEXT,
  header_id      INTEGER REFERENCES header (id),
  -- provenance
  file_id        INTEGER REFERENCES file (id),
  import_id      INTEGER REFERENCES import (id),
  line           INTEGER,
  last_import_id INTEGER REFERENCES import (id),
  lists          INTEGER NOT NULL DEFAULT 1,
  created_at     INTEGER NOT NULL,
  updated_at     INTEGER NOT NULL,
  -- where the conversation stands
  status         TEXT NOT NULL DEFAULT 'new' CHECK (status = 'new' OR status = 'contacted' OR status = 'appointment'
                   OR status = 'contract' OR status = 'won' OR status = 'lost' OR status = 'dead'
                   OR status = 'paused' OR status = 'opted_out'),
  contacts       INTEGER NOT NULL DEFAULT 0,
  last_contact   INTEGER,
  hold_until     INTEGER,
  suppressed     TEXT,
  -- stages
  variant_id     INTEGER REFERENCES variant (id),
  bucket         INTEGER,
  script_id      INTEGER REFERENCES script (id),
  packet         TEXT NOT NULL CHECK (packet = 'INCOMPLETE' OR packet = 'READY' OR packet = 'ESTIMATED'
                   OR packet = 'NEGATIVE' OR packet = 'OVER'),
  mao            INTEGER,
  spread         INTEGER,
  p_close        INTEGER,
  expected_value INTEGER,
  clone          TEXT NOT NULL CHECK (clone = 'INSUFFICIENT DATA' OR clone = 'READY' OR clone = 'NOT YET'),
  score_base     INTEGER NOT NULL,
  score          INTEGER NOT NULL CHECK (score BETWEEN 0 AND 100),
  policy_version INTEGER NOT NULL REFERENCES policy (version),
  snapshot_id    INTEGER NOT NULL REFERENCES model_snapshot (id),
  decided_at     INTEGER NOT NULL
) STRICT;

-- Freshness fades with time, so no index can hold the whole score. Among leads of equal base the freshest leads, which
-- lets the call list be read exactly from here: see valhalla/leads/top.py.
CREATE INDEX lead_by_score ON lead (score_base DESC, coalesce(list_date, created_at) DESC) WHERE suppressed IS NULL;

-- Who is who: every key under which a lead is known, its identity among them. A table of its own, so that a chunk
-- writes its keys in key order while the leads keep the order of the file.
CREATE TABLE lead_key (
  key     INTEGER NOT NULL PRIMARY KEY,
  lead_id INTEGER NOT NULL REFERENCES lead (id)
) STRICT;

-- Moves whenever somebody changes who is who or what a lead says; an import that planned on an older value plans again.
CREATE TABLE lead_generation (
  id    INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
  value INTEGER NOT NULL
) STRICT;

INSERT INTO lead_generation (id, value) VALUES (1, 0);

-- Rows that a later row of the same file has overtaken, so that reading the file again does not swing back and forth.
CREATE TABLE overtaken (
  lead_id     INTEGER NOT NULL,
  fingerprint INTEGER NOT NULL,
  PRIMARY KEY (lead_id, fingerprint)
) STRICT, WITHOUT ROWID;

CREATE TABLE lead_history (
  id        INTEGER NOT NULL PRIMARY KEY,
  lead_id   INTEGER NOT NULL,
  at        INTEGER NOT NULL,
  actor     TEXT NOT NULL,
  cause     TEXT NOT NULL,
  import_id INTEGER REFERENCES import (id),
  before    TEXT NOT NULL CHECK (json_valid(before))
) STRICT;

CREATE INDEX lead_history_by_lead ON lead_history (lead_id, id);

CREATE TABLE sighting (
  lead_id    INTEGER NOT NULL REFERENCES lead (id),
  file_id    INTEGER NOT NULL REFERENCES file (id),
  source_id  INTEGER NOT NULL REFERENCES source (id),
  import_id  INTEGER NOT NULL REFERENCES import (id),
  line       INTEGER NOT NULL,
  fingerprint INTEGER NOT NULL,
  first_seen INTEGER NOT NULL,
  last_seen  INTEGER NOT NULL,
  PRIMARY KEY (lead_id, file_id)
) STRICT, WITHOUT ROWID;

-- what the stages learn from -------------------------------------------------------------------------------

CREATE TABLE experiment (
  id         INTEGER NOT NULL PRIMARY KEY,
  name       TEXT NOT NULL,
  version    INTEGER NOT NULL DEFAULT 1,
  kind       TEXT NOT NULL DEFAULT 'script' CHECK (kind IN ('script', 'channel')),
  state      TEXT NOT NULL CHECK (state IN ('draft', 'running', 'stopped')),
  metric     TEXT NOT NULL DEFAULT 'appointment',
  created_at INTEGER NOT NULL,
  started_at INTEGER,
  stopped_at INTEGER,
  UNIQUE (name, version)
) STRICT;

CREATE TABLE script (
  id         INTEGER NOT NULL PRIMARY KEY,
  name       TEXT NOT NULL,
  version    INTEGER NOT NULL DEFAULT 1,
  channel    TEXT NOT NULL DEFAULT 'call',
  market     TEXT,
  state      TEXT NOT NULL CHECK (state IN ('experimental', 'testing', 'primary', 'secondary', 'retired')),
  body       TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  UNIQUE (name, version)
) STRICT;

CREATE TABLE variant (
  id            INTEGER NOT NULL PRIMARY KEY,
  experiment_id INTEGER NOT NULL REFERENCES experiment (id),
  name          TEXT NOT NULL,
  weight        INTEGER NOT NULL CHECK (weight >= 0),
  script_id     INTEGER REFERENCES script (id),
  UNIQUE (experiment_id, name)
) STRICT;

CREATE TABLE outcome (
  id          INTEGER NOT NULL PRIMARY KEY,
  lead_id     INTEGER NOT NULL REFERENCES lead (id),
  event       TEXT NOT NULL CHECK (event IN
                ('contacted', 'appointment', 'contract', 'won', 'lost', 'dead', 'paused', 'opted_out')),
  at          INTEGER NOT NULL,
  amount      INTEGER,
  channel     TEXT,
  reason      TEXT,
  until       INTEGER,
  recorded_at INTEGER NOT NULL,
  recorded_by TEXT NOT NULL
) STRICT;

CREATE INDEX outcome_by_lead ON outcome (lead_id, at);

CREATE TABLE packet (
  id             INTEGER NOT NULL PRIMARY KEY,
  lead_id        INTEGER NOT NULL REFERENCES lead (id),
  status         TEXT NOT NULL,
  body           TEXT NOT NULL CHECK (json_valid(body)),
  policy_version INTEGER NOT NULL REFERENCES policy (version),
  created_at     INTEGER NOT NULL
) STRICT;

CREATE INDEX packet_by_lead ON packet (lead_id, id);

-- runs, cycles, alerts -------------------------------------------------------------------------------------

CREATE TABLE run (
  id         INTEGER NOT NULL PRIMARY KEY,
  pid        INTEGER NOT NULL,
  version    TEXT NOT NULL,
  settings   TEXT NOT NULL CHECK (json_valid(settings)),
  started_at INTEGER NOT NULL,
  stopped_at INTEGER,
  stop       TEXT
) STRICT;

CREATE TABLE cycle (
  id          INTEGER NOT NULL PRIMARY KEY,
  run_id      INTEGER NOT NULL REFERENCES run (id),
  number      INTEGER NOT NULL,
  started_at  INTEGER NOT NULL,
  finished_at INTEGER,
  ok          INTEGER CHECK (ok IN (0, 1)),
  files       INTEGER NOT NULL DEFAULT 0,
  rows        INTEGER NOT NULL DEFAULT 0,
  new         INTEGER NOT NULL DEFAULT 0,
  updated     INTEGER NOT NULL DEFAULT 0,
  unchanged   INTEGER NOT NULL DEFAULT 0,
  duplicate   INTEGER NOT NULL DEFAULT 0,
  rejected    INTEGER NOT NULL DEFAULT 0,
  UNIQUE (run_id, number)
) STRICT;

CREATE TABLE alert (
  id             INTEGER NOT NULL PRIMARY KEY,
  task           TEXT NOT NULL,
  severity       TEXT NOT NULL CHECK (severity IN ('info', 'warning', 'error', 'critical')),
  reason         TEXT NOT NULL,
  context        TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(context)),
  correlation_id TEXT,
  state          TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'acknowledged', 'closed')),
  seen           INTEGER NOT NULL DEFAULT 1,
  at             INTEGER NOT NULL,
  last_at        INTEGER NOT NULL
) STRICT;

CREATE INDEX alert_open ON alert (task, reason) WHERE state <> 'closed';
