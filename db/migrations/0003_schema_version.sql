-- Which version of its tables each package has in this database.
CREATE TABLE schema_version (
  component TEXT NOT NULL PRIMARY KEY,
  version   INTEGER NOT NULL CHECK (version > 0)
) STRICT, WITHOUT ROWID;
