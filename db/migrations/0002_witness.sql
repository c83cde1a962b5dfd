-- Which audit entry witnesses which row, by the row's hash. A table of its own, so that a row's own table stays as
-- it is, and so that the hash of what a row said before stays when the row has changed or gone.

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

CREATE TRIGGER witness_no_update BEFORE UPDATE ON witness
WHEN NEW.tbl IS NOT OLD.tbl OR NEW.key IS NOT OLD.key OR NEW.entry IS NOT OLD.entry OR NEW.hash IS NOT OLD.hash
  OR NEW.salt IS NOT NULL BEGIN
  SELECT RAISE (ABORT, 'witnesses are append-only; only a salt may be taken away');
END;

CREATE TRIGGER witness_no_delete BEFORE DELETE ON witness BEGIN
  SELECT RAISE (ABORT, 'witnesses are append-only');
END;

-- What the columns of a table were when its rows were hashed is told by entries of their own.
CREATE INDEX audit_declaration ON audit (seq) WHERE action = 'evidence.table';
