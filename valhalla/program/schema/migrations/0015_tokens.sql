-- Programs' own ways into the cockpit. The token itself is kept by whoever uses it; here is its SHA-256.
-- Revoked, not deleted: who had a way in, and how far, stays in the file.
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
CREATE UNIQUE INDEX token_name ON token (name) WHERE revoked_at IS NULL;
