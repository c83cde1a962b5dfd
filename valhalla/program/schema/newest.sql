-- What all migrations make of an empty database. Written by scripts/pin_schema.py.
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
CREATE TABLE audit (
  seq            INTEGER NOT NULL PRIMARY KEY,
  at             INTEGER NOT NULL,
  actor          TEXT NOT NULL,
  correlation_id TEXT,
  action         TEXT NOT NULL,
  subject        TEXT NOT NULL,
  body           TEXT NOT NULL CHECK (json_valid(body)),
  previous       TEXT NOT NULL,
  hash           TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE audit_head (
  id      INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
  entries INTEGER NOT NULL,
  hash    TEXT NOT NULL
) STRICT;
CREATE TABLE board_history (
  board TEXT NOT NULL CHECK (board IN ('federation', 'memory')),
  step  INTEGER NOT NULL CHECK (step > 0),
  at    INTEGER NOT NULL,
  body  TEXT NOT NULL CHECK (json_valid(body)),
  PRIMARY KEY (board, step, at)
) STRICT, WITHOUT ROWID;
CREATE TABLE buyer (
  id          INTEGER NOT NULL PRIMARY KEY,
  name        TEXT NOT NULL UNIQUE CHECK (name <> ''),
  markets     TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(markets)),
  max_price   INTEGER CHECK (max_price > 0),
  min_beds    INTEGER CHECK (min_beds >= 0),
  max_repairs INTEGER CHECK (max_repairs >= 0),
  max_share   INTEGER CHECK (max_share BETWEEN 0 AND 1000000),
  email       TEXT,
  phone       TEXT,
  removed_at  INTEGER,
  created_at  INTEGER NOT NULL,
  updated_at  INTEGER NOT NULL
) STRICT;
CREATE TABLE consent (
  id           INTEGER NOT NULL PRIMARY KEY,
  lead_id      INTEGER NOT NULL REFERENCES lead (id),
  channel      TEXT NOT NULL CHECK (channel IN ('call', 'text', 'email')),
  words        TEXT NOT NULL,
  at           INTEGER NOT NULL,
  recorded_at  INTEGER NOT NULL,
  by           TEXT NOT NULL,
  withdrawn_at INTEGER,
  withdrawn_by TEXT
) STRICT;
CREATE TABLE counter (
  queue TEXT NOT NULL,
  key   TEXT NOT NULL,
  value INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (queue, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE credential (
  member_id     INTEGER NOT NULL PRIMARY KEY REFERENCES member (id),
  password      TEXT,
  invitation    TEXT,
  invited_until INTEGER,
  changed_at    INTEGER NOT NULL
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
CREATE TABLE deal (
  id               INTEGER NOT NULL PRIMARY KEY,
  lead_id          INTEGER NOT NULL REFERENCES lead (id),
  state            TEXT NOT NULL CHECK (state IN ('offer', 'contract', 'assigned', 'closed', 'lost', 'undone')),
  offers           INTEGER NOT NULL DEFAULT 0,
  offer            INTEGER,
  price            INTEGER,
  buyer_price      INTEGER,
  fee              INTEGER,
  earnest          INTEGER,
  assignable       INTEGER CHECK (assignable IN (0, 1)),
  inspection_until INTEGER,
  closing_at       INTEGER,
  buyer_id         INTEGER REFERENCES buyer (id),
  buyer_deposit    INTEGER,
  won_as           TEXT CHECK (won_as IN ('assigned', 'closed')),
  note             TEXT,
  opened_at        INTEGER NOT NULL,
  stage_since      INTEGER NOT NULL,
  ended_at         INTEGER,
  updated_at       INTEGER NOT NULL,
  updated_by       TEXT NOT NULL
) STRICT;
CREATE TABLE dry_run_log (
  id             INTEGER NOT NULL PRIMARY KEY,
  at             INTEGER NOT NULL,
  action         TEXT NOT NULL,
  status         TEXT NOT NULL CHECK (status IN ('dry_run_blocked', 'executed', 'error')),
  error          TEXT,
  correlation_id TEXT
) STRICT;
CREATE TABLE duplicate (
  id         INTEGER NOT NULL PRIMARY KEY,
  lead_id    INTEGER NOT NULL,
  other_id   INTEGER NOT NULL,
  phone_key  INTEGER NOT NULL,
  state      TEXT NOT NULL DEFAULT 'open' CHECK (state = 'open' OR state = 'merged' OR state = 'different'),
  found_at   INTEGER NOT NULL,
  decided_at INTEGER,
  decided_by TEXT, why TEXT NOT NULL DEFAULT 'phone' CHECK (why = 'phone' OR why = 'address'),
  UNIQUE (lead_id, other_id)
) STRICT;
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
CREATE TABLE experiment_epoch (
  experiment_id INTEGER NOT NULL REFERENCES experiment (id),
  version       INTEGER NOT NULL,
  weights       TEXT NOT NULL CHECK (json_valid(weights)),
  started_at    INTEGER NOT NULL,
  PRIMARY KEY (experiment_id, version)
) STRICT, WITHOUT ROWID;
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
, adopted INTEGER NOT NULL DEFAULT 0) STRICT;
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
CREATE TABLE header (
  id         INTEGER NOT NULL PRIMARY KEY,
  digest     TEXT NOT NULL UNIQUE,
  names      TEXT NOT NULL CHECK (json_valid(names))
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
CREATE TABLE idempotency_key (
  key        TEXT NOT NULL PRIMARY KEY,
  state      TEXT NOT NULL CHECK (state IN ('reserved', 'done')),
  owner      INTEGER NOT NULL,
  result     TEXT,
  created_at INTEGER NOT NULL,
  expires    INTEGER
) STRICT, WITHOUT ROWID;
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
  finished_at   INTEGER, names TEXT,
  CHECK (rows = new + updated + unchanged + duplicate + rejected)
) STRICT;
CREATE TABLE import_seen (
  import_id INTEGER NOT NULL,
  lead_id   INTEGER NOT NULL,
  PRIMARY KEY (import_id, lead_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE import_undo (
  import_id INTEGER NOT NULL PRIMARY KEY REFERENCES import (id),
  at        INTEGER NOT NULL,
  actor     TEXT NOT NULL,
  reversed  INTEGER NOT NULL DEFAULT 0,
  kept      INTEGER NOT NULL DEFAULT 0,
  failed    INTEGER NOT NULL DEFAULT 0,
  items     TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(items))
) STRICT;
CREATE TABLE "job_event" (
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
CREATE TABLE job_seal (
  last   INTEGER NOT NULL PRIMARY KEY,
  first  INTEGER NOT NULL,
  events INTEGER NOT NULL,
  digest TEXT NOT NULL,
  at     INTEGER NOT NULL
) STRICT;
CREATE TABLE "knowledge" (
  name TEXT NOT NULL PRIMARY KEY CHECK (name IN ('data_quality', 'learnt_score', 'shares', 'shares_at')),
  body TEXT NOT NULL CHECK (json_valid(body)),
  at   INTEGER NOT NULL
) STRICT;
CREATE TABLE kv (
  queue   TEXT NOT NULL,
  key     TEXT NOT NULL,
  value   BLOB NOT NULL,
  owner   INTEGER,
  expires INTEGER,
  PRIMARY KEY (queue, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE lead (
  id             INTEGER NOT NULL PRIMARY KEY,
  identity       INTEGER NOT NULL,
  fingerprint    INTEGER NOT NULL,
  -- as read
  name           TEXT NOT NULL,
  email          TEXT,
  phone          TEXT,
  value          INTEGER CHECK (value > 0),
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
, details TEXT CHECK (details IS NULL OR json_valid(details)), person INTEGER, corrected TEXT CHECK (corrected IS NULL OR json_valid(corrected)), standing TEXT
  CHECK (standing IS NULL OR standing IN ('interested', 'not_interested', 'offer', 'sold'))) STRICT;
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
CREATE TABLE lead_generation (
  id    INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
  value INTEGER NOT NULL
, last_id INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE TABLE lead_history (
  id        INTEGER NOT NULL PRIMARY KEY,
  lead_id   INTEGER NOT NULL,
  at        INTEGER NOT NULL,
  actor     TEXT NOT NULL,
  cause     TEXT NOT NULL,
  import_id INTEGER REFERENCES import (id),
  before    TEXT NOT NULL CHECK (json_valid(before))
) STRICT;
CREATE TABLE lead_hold (
  lead_id  INTEGER NOT NULL PRIMARY KEY REFERENCES lead (id) ON DELETE CASCADE,
  drawn_id INTEGER NOT NULL,
  who      TEXT NOT NULL,
  at       INTEGER NOT NULL,
  until    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE lead_index_state (
  id         INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
  lead_id    INTEGER NOT NULL,
  history_id INTEGER NOT NULL
, placed_id INTEGER NOT NULL DEFAULT 0, folded_id INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE TABLE lead_key (
  key     INTEGER NOT NULL PRIMARY KEY,
  lead_id INTEGER NOT NULL REFERENCES lead (id)
, learnt INTEGER NOT NULL DEFAULT 0 CHECK (learnt = 0 OR learnt = 1)) STRICT;
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
CREATE TABLE lead_phone (
  phone_key INTEGER NOT NULL,
  lead_id   INTEGER NOT NULL,
  PRIMARY KEY (phone_key, lead_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE lead_place (
  near_key INTEGER NOT NULL,
  lead_id  INTEGER NOT NULL,
  PRIMARY KEY (near_key, lead_id)
) STRICT, WITHOUT ROWID;
CREATE VIRTUAL TABLE lead_search USING fts5 (text, detail = none, columnsize = 0, tokenize = 'unicode61 remove_diacritics 2');
CREATE TABLE list_cost (
  id         INTEGER NOT NULL PRIMARY KEY,
  source     TEXT NOT NULL CHECK (source <> ''),
  import_id  INTEGER REFERENCES import (id),
  amount     INTEGER NOT NULL CHECK (amount >= 0),
  at         INTEGER NOT NULL,
  by         TEXT NOT NULL,
  removed_at INTEGER,
  removed_by TEXT
) STRICT;
CREATE TABLE live_session (
  id        INTEGER NOT NULL PRIMARY KEY,
  run_id    INTEGER NOT NULL REFERENCES run (id),
  opened_at INTEGER NOT NULL,
  opened_by TEXT NOT NULL,
  until     INTEGER NOT NULL,
  closed_at INTEGER,
  closed_by TEXT
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
CREATE TABLE member (
  id         INTEGER NOT NULL PRIMARY KEY,
  name       TEXT NOT NULL CHECK (name <> ''),
  role       TEXT NOT NULL CHECK (role IN ('owner', 'manager', 'caller', 'auditor')),
  added_at   INTEGER NOT NULL,
  added_by   TEXT NOT NULL,
  removed_at INTEGER,
  removed_by TEXT
) STRICT;
CREATE TABLE member_session (
  digest     TEXT NOT NULL PRIMARY KEY,
  member_id  INTEGER NOT NULL REFERENCES member (id),
  created_at INTEGER NOT NULL,
  seen_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE model_snapshot (
  id         INTEGER NOT NULL PRIMARY KEY,
  digest     TEXT NOT NULL UNIQUE,
  body       TEXT NOT NULL CHECK (json_valid(body)),
  created_at INTEGER NOT NULL
) STRICT;
CREATE TABLE note (
  id         INTEGER NOT NULL PRIMARY KEY,
  lead_id    INTEGER NOT NULL REFERENCES lead (id),
  text       TEXT NOT NULL CHECK (text <> ''),
  at         INTEGER NOT NULL,
  by         TEXT NOT NULL,
  removed_at INTEGER,
  removed_by TEXT
) STRICT;
CREATE TABLE "outcome" (
  id           INTEGER NOT NULL PRIMARY KEY,
  lead_id      INTEGER NOT NULL REFERENCES lead (id),
  event        TEXT NOT NULL CHECK (event IN
                 ('no_answer', 'busy', 'voicemail', 'wrong_number', 'disconnected', 'someone_else', 'inbound', 'callback',
                  'contacted', 'interested', 'not_interested', 'appointment', 'offer', 'contract', 'won', 'lost', 'sold',
                  'dead', 'paused', 'mail_returned', 'opted_out')),
  at           INTEGER NOT NULL,
  amount       INTEGER,
  channel      TEXT,
  reason       TEXT,
  until        INTEGER,
  recorded_at  INTEGER NOT NULL,
  recorded_by  TEXT NOT NULL,
  undone_at    INTEGER,
  undone_by    TEXT,
  variant_id   INTEGER REFERENCES variant (id),
  script_id    INTEGER REFERENCES script (id),
  p_close      INTEGER,
  predicted_at INTEGER,
  number       TEXT,
  note         TEXT,
  origin       TEXT
) STRICT;
CREATE TABLE overtaken (
  lead_id     INTEGER NOT NULL,
  fingerprint INTEGER NOT NULL,
  PRIMARY KEY (lead_id, fingerprint)
) STRICT, WITHOUT ROWID;
CREATE TABLE packet (
  id             INTEGER NOT NULL PRIMARY KEY,
  lead_id        INTEGER NOT NULL REFERENCES lead (id),
  status         TEXT NOT NULL,
  body           TEXT NOT NULL CHECK (json_valid(body)),
  policy_version INTEGER NOT NULL REFERENCES policy (version),
  created_at     INTEGER NOT NULL
) STRICT;
CREATE TABLE policy (
  version    INTEGER NOT NULL PRIMARY KEY,
  body       TEXT NOT NULL CHECK (json_valid(body)),
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  reason     TEXT NOT NULL
) STRICT;
CREATE TABLE promise (
  id           INTEGER NOT NULL PRIMARY KEY,
  lead_id      INTEGER NOT NULL REFERENCES lead (id),
  outcome_id   INTEGER REFERENCES outcome (id),
  kind         TEXT NOT NULL CHECK (kind IN ('callback', 'appointment', 'task')),
  at           INTEGER NOT NULL,
  place        TEXT,
  note         TEXT,
  state        TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'kept', 'missed', 'dropped')),
  made_at      INTEGER NOT NULL,
  made_by      TEXT NOT NULL,
  confirmed_at INTEGER,
  ended_at     INTEGER,
  ended_by     TEXT
) STRICT;
CREATE TABLE quality (
  import_id       INTEGER NOT NULL PRIMARY KEY,
  source_id       INTEGER NOT NULL,
  file_id         INTEGER NOT NULL,
  at              INTEGER NOT NULL,
  records         INTEGER NOT NULL,
  rejected        INTEGER NOT NULL,
  duplicates      INTEGER NOT NULL,
  missing_cells   INTEGER NOT NULL,
  stored          INTEGER NOT NULL,
  optional_cells  INTEGER NOT NULL,
  optional_filled INTEGER NOT NULL,
  inconsistent    INTEGER NOT NULL,
  outliers        INTEGER NOT NULL,
  dated           INTEGER NOT NULL,
  fresh           INTEGER NOT NULL,
  same_value      INTEGER NOT NULL
, required INTEGER NOT NULL DEFAULT 3) STRICT;
CREATE TABLE queue_state (
  queue  TEXT NOT NULL PRIMARY KEY,
  paused INTEGER NOT NULL DEFAULT 0 CHECK (paused IN (0, 1)),
  at     INTEGER NOT NULL,
  actor  TEXT NOT NULL,
  reason TEXT
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
, closed_by INTEGER REFERENCES import (id)) STRICT;
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
CREATE TABLE run (
  id         INTEGER NOT NULL PRIMARY KEY,
  pid        INTEGER NOT NULL,
  version    TEXT NOT NULL,
  settings   TEXT NOT NULL CHECK (json_valid(settings)),
  started_at INTEGER NOT NULL,
  stopped_at INTEGER,
  stop       TEXT
) STRICT;
CREATE TABLE saved_filter (
  id         INTEGER NOT NULL PRIMARY KEY,
  name       TEXT NOT NULL CHECK (name <> ''),
  body       TEXT NOT NULL CHECK (json_valid(body)),
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  removed_at INTEGER,
  removed_by TEXT
) STRICT;
CREATE TABLE schema_version (
  component TEXT NOT NULL PRIMARY KEY,
  version   INTEGER NOT NULL CHECK (version > 0)
) STRICT, WITHOUT ROWID;
CREATE TABLE script (
  id         INTEGER NOT NULL PRIMARY KEY,
  name       TEXT NOT NULL,
  version    INTEGER NOT NULL DEFAULT 1,
  channel    TEXT NOT NULL DEFAULT 'call',
  market     TEXT,
  state      TEXT NOT NULL CHECK (state IN ('experimental', 'testing', 'primary', 'secondary', 'retired')),
  body       TEXT NOT NULL,
  created_at INTEGER NOT NULL, pinned_at INTEGER,
  UNIQUE (name, version)
) STRICT;
CREATE TABLE script_move (
  id         INTEGER NOT NULL PRIMARY KEY,
  script_id  INTEGER NOT NULL REFERENCES script (id),
  before     TEXT CHECK (before IS NULL OR before IN ('experimental', 'testing', 'primary', 'secondary', 'retired')),
  after      TEXT NOT NULL CHECK (after IN ('experimental', 'testing', 'primary', 'secondary', 'retired')),
  at         INTEGER NOT NULL,
  moved_by   TEXT NOT NULL,
  why        TEXT NOT NULL,
  evidence   TEXT NOT NULL CHECK (json_valid(evidence))
) STRICT;
CREATE TABLE scrub (
  id      INTEGER NOT NULL PRIMARY KEY,
  kind    TEXT NOT NULL CHECK (kind IN ('national', 'litigator', 'own')),
  path    TEXT,
  numbers INTEGER NOT NULL,
  matched INTEGER NOT NULL,
  at      INTEGER NOT NULL,
  by      TEXT NOT NULL
) STRICT;
CREATE TABLE setting (
  key        TEXT NOT NULL PRIMARY KEY,
  value      TEXT NOT NULL CHECK (json_valid(value)),
  updated_at INTEGER NOT NULL,
  updated_by TEXT NOT NULL
) STRICT, WITHOUT ROWID;
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
CREATE TABLE sign_in (
  id        INTEGER NOT NULL PRIMARY KEY,
  member_id INTEGER REFERENCES member (id),
  at        INTEGER NOT NULL,
  result    TEXT NOT NULL CHECK (result = 'in' OR result = 'wrong' OR result = 'out')
) STRICT;
CREATE TABLE source (
  id         INTEGER NOT NULL PRIMARY KEY,
  name       TEXT NOT NULL UNIQUE CHECK (name <> ''),
  pattern    TEXT,
  profile    TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(profile)),
  created_at INTEGER NOT NULL
) STRICT;
CREATE TABLE source_pause (
  id       INTEGER NOT NULL PRIMARY KEY,
  source   TEXT NOT NULL CHECK (source <> ''),
  kind     TEXT NOT NULL CHECK (kind IN ('pause', 'stop')),
  reason   TEXT NOT NULL,
  until    INTEGER,
  at       INTEGER NOT NULL,
  by       TEXT NOT NULL,
  ended_at INTEGER,
  ended_by TEXT
) STRICT;
CREATE TABLE standing_approval (
  id         INTEGER NOT NULL PRIMARY KEY,
  kind       TEXT NOT NULL CHECK (kind IN ('webhook', 'email', 'export')),
  per_day    INTEGER NOT NULL CHECK (per_day > 0),
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  ended_at   INTEGER,
  ended_by   TEXT
, address TEXT) STRICT;
CREATE TABLE "suppression" (
  id         INTEGER NOT NULL PRIMARY KEY,
  kind       TEXT NOT NULL CHECK (kind IN ('email', 'phone', 'domain')),
  value      TEXT,
  digest     TEXT NOT NULL,
  origin     TEXT NOT NULL CHECK (origin IN ('operator', 'list', 'opted_out', 'forgotten', 'national', 'litigator')),
  reason     TEXT,
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  removed_at INTEGER,
  removed_by TEXT
) STRICT;
CREATE TABLE suppression_state (
  id      INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
  version INTEGER NOT NULL,
  salt    BLOB NOT NULL
) STRICT;
CREATE TABLE tag (
  id         INTEGER NOT NULL PRIMARY KEY,
  lead_id    INTEGER NOT NULL REFERENCES lead (id),
  tag        TEXT NOT NULL CHECK (tag <> ''),
  at         INTEGER NOT NULL,
  by         TEXT NOT NULL,
  removed_at INTEGER,
  removed_by TEXT
) STRICT;
CREATE TABLE "task" (
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
CREATE TABLE token (
  id         INTEGER NOT NULL PRIMARY KEY,
  name       TEXT NOT NULL,
  digest     TEXT NOT NULL UNIQUE,
  scope      TEXT NOT NULL CHECK (scope IN ('read', 'write')),
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  revoked_at INTEGER,
  revoked_by TEXT
) STRICT;
CREATE TABLE unfolded (
  id           INTEGER NOT NULL PRIMARY KEY,
  unfolding_id INTEGER NOT NULL REFERENCES unfolding (id),
  lead_id      INTEGER NOT NULL REFERENCES lead (id),
  body         TEXT NOT NULL CHECK (json_valid(body)),
  unsure       INTEGER NOT NULL DEFAULT 0,
  at           INTEGER NOT NULL,
  decided_at   INTEGER,
  decided_by   TEXT,
  undone_at    INTEGER
) STRICT;
CREATE TABLE unfolding (
  id        INTEGER NOT NULL PRIMARY KEY,
  state     TEXT NOT NULL CHECK (state IN ('running', 'done', 'undoing', 'undone')),
  lead_id   INTEGER NOT NULL DEFAULT 0,
  leads     INTEGER NOT NULL DEFAULT 0,
  houses    INTEGER NOT NULL DEFAULT 0,
  kept      INTEGER NOT NULL DEFAULT 0,
  at        INTEGER NOT NULL,
  by        TEXT NOT NULL,
  ended_at  INTEGER,
  undone_at INTEGER,
  undone_by TEXT
) STRICT;
CREATE TABLE variant (
  id            INTEGER NOT NULL PRIMARY KEY,
  experiment_id INTEGER NOT NULL REFERENCES experiment (id),
  name          TEXT NOT NULL,
  weight        INTEGER NOT NULL CHECK (weight >= 0),
  script_id     INTEGER REFERENCES script (id),
  UNIQUE (experiment_id, name)
) STRICT;
CREATE TABLE witness (
  tbl   TEXT NOT NULL,
  -- the row's key: a number or a text as it stands, a key of several columns as a JSON array
  key   ANY NOT NULL,
  entry INTEGER NOT NULL,
  -- only with the newest hash of a row that holds personal data; without it nobody can guess the data from the hash
  salt  BLOB,
  -- empty: with this entry the row was removed
  hash  BLOB,
  PRIMARY KEY (tbl, key, entry)
) STRICT, WITHOUT ROWID;
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
CREATE INDEX alert_open ON alert (task, reason) WHERE state <> 'closed';
CREATE INDEX audit_declaration ON audit (seq) WHERE action = 'evidence.table';
CREATE INDEX audit_effect ON audit (subject, seq) WHERE action IN ('effect.approve', 'effect.retry', 'effect.deny',
  'effect.denied', 'effect.blocked', 'effect.failed', 'effect.uncertain', 'effect.done');
CREATE INDEX audit_token ON audit (subject, seq) WHERE action IN ('token.add', 'token.revoke');
CREATE INDEX consent_by_lead ON consent (lead_id);
CREATE UNIQUE INDEX credential_by_invitation ON credential (invitation) WHERE invitation IS NOT NULL;
CREATE INDEX deal_by_lead ON deal (lead_id, id);
CREATE UNIQUE INDEX deal_open ON deal (lead_id) WHERE ended_at IS NULL;
CREATE INDEX duplicate_by_other ON duplicate (other_id);
CREATE INDEX duplicate_open ON duplicate (phone_key, lead_id) WHERE state = 'open';
CREATE INDEX effect_by_lead ON effect (lead_id) WHERE lead_id IS NOT NULL;
CREATE INDEX effect_open ON effect (state, id) WHERE state <> 'done';
CREATE INDEX idempotency_expiry ON idempotency_key (expires) WHERE expires IS NOT NULL;
CREATE INDEX import_by_file ON import (file_id, id);
CREATE INDEX import_by_start ON import (started_at);
CREATE INDEX lead_by_last_contact ON lead (last_contact) WHERE last_contact IS NOT NULL;
CREATE INDEX lead_by_person ON lead (person) WHERE person IS NOT NULL;
CREATE INDEX lead_by_score
  ON lead (
    score_base DESC, coalesce(list_date, created_at) DESC, expected_value DESC, identity, market, source, list_date, last_contact
  )
  WHERE suppressed IS NULL AND score_base >= 2250;
CREATE INDEX lead_by_standing ON lead (standing) WHERE standing IS NOT NULL;
CREATE INDEX lead_history_by_lead ON lead_history (lead_id, id);
CREATE INDEX lead_key_learnt ON lead_key (lead_id) WHERE learnt = 1;
CREATE UNIQUE INDEX lead_merge_in_force ON lead_merge (merged_id) WHERE undone_at IS NULL;
CREATE INDEX lead_place_by_lead ON lead_place (lead_id);
CREATE UNIQUE INDEX member_in_force ON member (name) WHERE removed_at IS NULL;
CREATE INDEX member_session_by_member ON member_session (member_id);
CREATE INDEX note_by_lead ON note (lead_id, at);
CREATE INDEX outcome_by_lead ON outcome (lead_id, at);
CREATE INDEX outcome_by_number ON outcome (number) WHERE number IS NOT NULL;
CREATE INDEX outcome_by_time ON outcome (at);
CREATE INDEX outcome_undone ON outcome (id) WHERE undone_at IS NOT NULL;
CREATE INDEX packet_by_lead ON packet (lead_id, id);
CREATE INDEX promise_by_lead ON promise (lead_id, at);
CREATE INDEX promise_by_outcome ON promise (outcome_id) WHERE outcome_id IS NOT NULL;
CREATE INDEX promise_open ON promise (at) WHERE state = 'open';
CREATE INDEX quality_by_file ON quality (file_id, import_id);
CREATE INDEX reject_by_import ON reject (import_id, state, code);
CREATE INDEX reject_closed ON reject (closed_by) WHERE closed_by IS NOT NULL;
CREATE INDEX reject_fixed ON reject (file_id, line) WHERE state = 'fixed';
CREATE INDEX reject_open ON reject (file_id, line) WHERE state = 'open';
CREATE UNIQUE INDEX saved_filter_in_force ON saved_filter (name) WHERE removed_at IS NULL;
CREATE INDEX script_move_by_script ON script_move (script_id, id);
CREATE UNIQUE INDEX script_one_primary ON script (channel, coalesce(market, '')) WHERE state = 'primary';
CREATE UNIQUE INDEX source_pause_in_force ON source_pause (source) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX suppression_in_force ON suppression (kind, digest, origin = 'national') WHERE removed_at IS NULL;
CREATE INDEX tag_by_lead ON tag (lead_id, at);
CREATE INDEX tag_by_name ON tag (tag) WHERE removed_at IS NULL;
CREATE UNIQUE INDEX tag_in_force ON tag (lead_id, tag) WHERE removed_at IS NULL;
CREATE INDEX task_dead ON task (id) WHERE state = 'dead';
CREATE INDEX task_running ON task (queue, lane) WHERE state = 'running';
CREATE INDEX task_scheduled ON task (due) WHERE state = 'scheduled';
CREATE UNIQUE INDEX task_unique ON task (queue, unique_key) WHERE unique_live = 1;
CREATE INDEX task_waiting ON task (queue, lane, priority DESC, id) WHERE state = 'waiting';
CREATE UNIQUE INDEX token_name ON token (name) WHERE revoked_at IS NULL;
CREATE INDEX unfolded_by_lead ON unfolded (lead_id);
CREATE INDEX unfolded_open ON unfolded (id) WHERE unsure > 0 AND decided_at IS NULL AND undone_at IS NULL;
INSERT INTO "audit_head" VALUES (1, 0, '');
INSERT INTO "lead_generation" VALUES (1, 0, 0);
INSERT INTO "lead_index_state" VALUES (1, 0, 0, 0, 0);
INSERT INTO "suppression_state" VALUES (1, 0, randomblob(16));
CREATE TRIGGER audit_head_no_delete BEFORE DELETE ON audit_head BEGIN
  SELECT RAISE (ABORT, 'the append-only audit chain has one head');
END;
CREATE TRIGGER audit_head_no_insert BEFORE INSERT ON audit_head BEGIN
  SELECT RAISE (ABORT, 'the append-only audit chain has one head');
END;
CREATE TRIGGER audit_head_steps BEFORE UPDATE ON audit_head
WHEN NEW.id <> OLD.id OR NEW.entries <> OLD.entries + 1 BEGIN
  SELECT RAISE (ABORT, 'the head of the append-only audit chain moves one entry at a time');
END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN
  SELECT RAISE (ABORT, 'audit entries are append-only');
END;
CREATE TRIGGER audit_no_replace BEFORE INSERT ON audit
WHEN EXISTS (SELECT 1 FROM audit WHERE seq = NEW.seq) OR EXISTS (SELECT 1 FROM audit WHERE hash = NEW.hash) BEGIN
  SELECT RAISE (ABORT, 'audit entries are append-only');
END;
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN
  SELECT RAISE (ABORT, 'audit entries are append-only');
END;
CREATE TRIGGER task_number_stays BEFORE DELETE ON task WHEN old.id >= (SELECT max(id) FROM task)
BEGIN
  INSERT INTO sqlite_sequence (name, seq) SELECT 'task', 0 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'task');
  UPDATE sqlite_sequence SET seq = max(seq, old.id) WHERE name = 'task';
END;
CREATE TRIGGER witness_no_delete BEFORE DELETE ON witness BEGIN
  SELECT RAISE (ABORT, 'witnesses are append-only');
END;
CREATE TRIGGER witness_no_update BEFORE UPDATE ON witness
WHEN NEW.tbl IS NOT OLD.tbl OR NEW.key IS NOT OLD.key OR NEW.entry IS NOT OLD.entry OR NEW.hash IS NOT OLD.hash
  OR NEW.salt IS NOT NULL BEGIN
  SELECT RAISE (ABORT, 'witnesses are append-only; only a salt may be taken away');
END;
