-- What comes of a call, promises, notes, tags, deals, and what a source costs.

-- Eight of ten calls reach nobody: that is an outcome too, and belongs to the number that was dialled.
CREATE TABLE outcome_new (
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
INSERT INTO outcome_new (id, lead_id, event, at, amount, channel, reason, until, recorded_at, recorded_by, undone_at,
  undone_by, variant_id, script_id, p_close, predicted_at)
SELECT id, lead_id, event, at, amount, channel, reason, until, recorded_at, recorded_by, undone_at, undone_by, variant_id,
  script_id, p_close, predicted_at FROM outcome;
DROP TABLE outcome;
ALTER TABLE outcome_new RENAME TO outcome;
CREATE INDEX outcome_by_lead ON outcome (lead_id, at);
CREATE INDEX outcome_undone ON outcome (id) WHERE undone_at IS NOT NULL;
CREATE INDEX outcome_by_time ON outcome (at);
CREATE INDEX outcome_by_number ON outcome (number) WHERE number IS NOT NULL;

-- The registry and a litigator list name numbers; they are not what the operator or the owner said.
CREATE TABLE suppression_new (
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
INSERT INTO suppression_new SELECT id, kind, value, digest, origin, reason, created_at, created_by, removed_at, removed_by
FROM suppression;
DROP TABLE suppression;
ALTER TABLE suppression_new RENAME TO suppression;
-- A number may be in the registry and kept out by a person too: taking one of the two off leaves the other.
CREATE UNIQUE INDEX suppression_in_force ON suppression (kind, digest, origin = 'national') WHERE removed_at IS NULL;

CREATE TABLE scrub (
  id      INTEGER NOT NULL PRIMARY KEY,
  kind    TEXT NOT NULL CHECK (kind IN ('national', 'litigator', 'own')),
  path    TEXT,
  numbers INTEGER NOT NULL,
  matched INTEGER NOT NULL,
  at      INTEGER NOT NULL,
  by      TEXT NOT NULL
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
CREATE INDEX promise_open ON promise (at) WHERE state = 'open';
CREATE INDEX promise_by_lead ON promise (lead_id, at);
CREATE INDEX promise_by_outcome ON promise (outcome_id) WHERE outcome_id IS NOT NULL;

CREATE TABLE note (
  id         INTEGER NOT NULL PRIMARY KEY,
  lead_id    INTEGER NOT NULL REFERENCES lead (id),
  text       TEXT NOT NULL CHECK (text <> ''),
  at         INTEGER NOT NULL,
  by         TEXT NOT NULL,
  removed_at INTEGER,
  removed_by TEXT
) STRICT;
CREATE INDEX note_by_lead ON note (lead_id, at);

CREATE TABLE tag (
  id         INTEGER NOT NULL PRIMARY KEY,
  lead_id    INTEGER NOT NULL REFERENCES lead (id),
  tag        TEXT NOT NULL CHECK (tag <> ''),
  at         INTEGER NOT NULL,
  by         TEXT NOT NULL,
  removed_at INTEGER,
  removed_by TEXT
) STRICT;
CREATE UNIQUE INDEX tag_in_force ON tag (lead_id, tag) WHERE removed_at IS NULL;
CREATE INDEX tag_by_name ON tag (tag) WHERE removed_at IS NULL;
CREATE INDEX tag_by_lead ON tag (lead_id, at);

-- What a person agreed to, in which words: texting is never proposed without it.
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
CREATE INDEX consent_by_lead ON consent (lead_id);

CREATE TABLE saved_filter (
  id         INTEGER NOT NULL PRIMARY KEY,
  name       TEXT NOT NULL CHECK (name <> ''),
  body       TEXT NOT NULL CHECK (json_valid(body)),
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  removed_at INTEGER,
  removed_by TEXT
) STRICT;
CREATE UNIQUE INDEX saved_filter_in_force ON saved_filter (name) WHERE removed_at IS NULL;

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
CREATE UNIQUE INDEX deal_open ON deal (lead_id) WHERE ended_at IS NULL;
CREATE INDEX deal_by_lead ON deal (lead_id, id);

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
CREATE UNIQUE INDEX source_pause_in_force ON source_pause (source) WHERE ended_at IS NULL;

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

-- What a person put right about a lead: lists do not write over it.
ALTER TABLE lead ADD COLUMN corrected TEXT CHECK (corrected IS NULL OR json_valid(corrected));

-- The finer word where status is too coarse: interested, not_interested, offer, sold. Few leads have one.
ALTER TABLE lead ADD COLUMN standing TEXT
  CHECK (standing IS NULL OR standing IN ('interested', 'not_interested', 'offer', 'sold'));
CREATE INDEX lead_by_standing ON lead (standing) WHERE standing IS NOT NULL;
-- Those who were tried before: next to a million leads they are few.
CREATE INDEX lead_by_last_contact ON lead (last_contact) WHERE last_contact IS NOT NULL;

-- Who works here, when several people call from one list.
CREATE TABLE member (
  id         INTEGER NOT NULL PRIMARY KEY,
  name       TEXT NOT NULL CHECK (name <> ''),
  role       TEXT NOT NULL CHECK (role IN ('owner', 'manager', 'caller', 'auditor')),
  added_at   INTEGER NOT NULL,
  added_by   TEXT NOT NULL,
  removed_at INTEGER,
  removed_by TEXT
) STRICT;
CREATE UNIQUE INDEX member_in_force ON member (name) WHERE removed_at IS NULL;

-- Who is calling whom at this moment, so that two callers are never sent to one person. Empty when nobody calls.
CREATE TABLE lead_hold (
  lead_id  INTEGER NOT NULL PRIMARY KEY REFERENCES lead (id) ON DELETE CASCADE,
  drawn_id INTEGER NOT NULL,
  who      TEXT NOT NULL,
  at       INTEGER NOT NULL,
  until    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What those who can be called have in common, counted once a day.
CREATE TABLE knowledge_new (
  name TEXT NOT NULL PRIMARY KEY CHECK (name IN ('data_quality', 'learnt_score', 'shares', 'shares_at')),
  body TEXT NOT NULL CHECK (json_valid(body)),
  at   INTEGER NOT NULL
) STRICT;
INSERT INTO knowledge_new (name, body, at) SELECT name, body, at FROM knowledge;
DROP TABLE knowledge;
ALTER TABLE knowledge_new RENAME TO knowledge;

-- Leads with the same score, value and date stand in the order of who they are, not of the row in which they came.
DROP INDEX lead_by_score;
CREATE INDEX lead_by_score
  ON lead (score_base DESC, coalesce(list_date, created_at) DESC, expected_value DESC, identity, market, source, list_date)
  WHERE suppressed IS NULL AND score_base >= 3500;
