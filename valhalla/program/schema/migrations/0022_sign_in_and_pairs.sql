-- Figures of the console's boards over days: means of five minutes, later of an hour. They can be lost without a loss of evidence.
CREATE TABLE board_history (
  board TEXT NOT NULL CHECK (board IN ('federation', 'memory')),
  step  INTEGER NOT NULL CHECK (step > 0),
  at    INTEGER NOT NULL,
  body  TEXT NOT NULL CHECK (json_valid(body)),
  PRIMARY KEY (board, step, at)
) STRICT, WITHOUT ROWID;

-- Leads that may be one property, and leads of version 0.1 that are several houses of one owner.

-- What two leads have in common: a number, or nearly the address.
ALTER TABLE duplicate ADD COLUMN why TEXT NOT NULL DEFAULT 'phone' CHECK (why = 'phone' OR why = 'address');

-- Where leads are, in a form that spellings of one address have in common. The job that fills the search index fills this too.
CREATE TABLE lead_place (
  near_key INTEGER NOT NULL,
  lead_id  INTEGER NOT NULL,
  PRIMARY KEY (near_key, lead_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX lead_place_by_lead ON lead_place (lead_id);
ALTER TABLE lead_index_state ADD COLUMN placed_id INTEGER NOT NULL DEFAULT 0;
-- What was written before one owner could have several leads is in the history up to here.
ALTER TABLE lead_index_state ADD COLUMN folded_id INTEGER NOT NULL DEFAULT 0;
UPDATE lead_index_state SET folded_id = (SELECT coalesce(max(id), 0) FROM lead_history);

-- A run of the job that takes leads apart, and each lead that it took apart.
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
CREATE INDEX unfolded_by_lead ON unfolded (lead_id);
CREATE INDEX unfolded_open ON unfolded (id) WHERE unsure > 0 AND decided_at IS NULL AND undone_at IS NULL;

-- Signing in under one's own name.

-- How a member proves who they are. Working data: who has neither password nor invitation is invited again.
CREATE TABLE credential (
  member_id     INTEGER NOT NULL PRIMARY KEY REFERENCES member (id),
  password      TEXT,
  invitation    TEXT,
  invited_until INTEGER,
  changed_at    INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX credential_by_invitation ON credential (invitation) WHERE invitation IS NOT NULL;

-- Browsers in which somebody is signed in, by the hash of their cookie.
CREATE TABLE member_session (
  digest     TEXT NOT NULL PRIMARY KEY,
  member_id  INTEGER NOT NULL REFERENCES member (id),
  created_at INTEGER NOT NULL,
  seen_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX member_session_by_member ON member_session (member_id);

-- Who signed in when, and who tried to. A name that nobody has is not kept: people type passwords there.
CREATE TABLE sign_in (
  id        INTEGER NOT NULL PRIMARY KEY,
  member_id INTEGER REFERENCES member (id),
  at        INTEGER NOT NULL,
  result    TEXT NOT NULL CHECK (result = 'in' OR result = 'wrong' OR result = 'out')
) STRICT;

-- A score is made of four parts now, and few leads reach 35 points by their base.
DROP INDEX lead_by_score;
CREATE INDEX lead_by_score
  ON lead (score_base DESC, coalesce(list_date, created_at) DESC, expected_value DESC, identity, market, source, list_date)
  WHERE suppressed IS NULL AND score_base >= 2250;
