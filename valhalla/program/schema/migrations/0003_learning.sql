-- Schema 4: outcomes that can be taken back, evidence for each move of a script, epochs of experiments, buyers.

-- A mistaken outcome is taken back, never deleted: what was once believed stays readable.
ALTER TABLE outcome ADD COLUMN undone_at INTEGER;
ALTER TABLE outcome ADD COLUMN undone_by TEXT;
-- What the lead belonged to and what was predicted of it when the outcome was recorded: later decisions must not
-- rewrite which script was in use, and a prediction may only be judged by outcomes that came after it.
ALTER TABLE outcome ADD COLUMN variant_id INTEGER REFERENCES variant (id);
ALTER TABLE outcome ADD COLUMN script_id INTEGER REFERENCES script (id);
ALTER TABLE outcome ADD COLUMN p_close INTEGER;
ALTER TABLE outcome ADD COLUMN predicted_at INTEGER;

CREATE INDEX outcome_undone ON outcome (id) WHERE undone_at IS NOT NULL;

ALTER TABLE script ADD COLUMN pinned_at INTEGER;

-- One script in use per channel and market; the market of a general script is ''.
CREATE UNIQUE INDEX script_one_primary ON script (channel, coalesce(market, '')) WHERE state = 'primary';

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

CREATE INDEX script_move_by_script ON script_move (script_id, id);

-- The weights of an experiment from a moment on; leads that were drawn before keep their variant.
CREATE TABLE experiment_epoch (
  experiment_id INTEGER NOT NULL REFERENCES experiment (id),
  version       INTEGER NOT NULL,
  weights       TEXT NOT NULL CHECK (json_valid(weights)),
  started_at    INTEGER NOT NULL,
  PRIMARY KEY (experiment_id, version)
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

-- Market and source stand in the index, so that a call list of one of them skips the leads of all others without
-- reading their rows.
DROP INDEX lead_by_score;
CREATE INDEX lead_by_score ON lead (score_base DESC, coalesce(list_date, created_at) DESC, market, source)
WHERE suppressed IS NULL;
