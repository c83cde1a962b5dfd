-- The chain: entries that witness what was done to the database, and where it ends. Append-only.
-- Times are UTC microseconds. Nothing newer than SQLite 3.37, so that an auditor's older tool can open a copy.

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

INSERT INTO audit_head (id, entries, hash) VALUES (1, 0, '');

CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN
  SELECT RAISE (ABORT, 'audit entries are append-only');
END;

CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN
  SELECT RAISE (ABORT, 'audit entries are append-only');
END;

-- INSERT OR REPLACE removes the row that stands there without asking the trigger above.
CREATE TRIGGER audit_no_replace BEFORE INSERT ON audit
WHEN EXISTS (SELECT 1 FROM audit WHERE seq = NEW.seq) OR EXISTS (SELECT 1 FROM audit WHERE hash = NEW.hash) BEGIN
  SELECT RAISE (ABORT, 'audit entries are append-only');
END;

CREATE TRIGGER audit_head_steps BEFORE UPDATE ON audit_head
WHEN NEW.id <> OLD.id OR NEW.entries <> OLD.entries + 1 BEGIN
  SELECT RAISE (ABORT, 'the head of the append-only audit chain moves one entry at a time');
END;

CREATE TRIGGER audit_head_no_insert BEFORE INSERT ON audit_head BEGIN
  SELECT RAISE (ABORT, 'the append-only audit chain has one head');
END;

CREATE TRIGGER audit_head_no_delete BEFORE DELETE ON audit_head BEGIN
  SELECT RAISE (ABORT, 'the append-only audit chain has one head');
END;
