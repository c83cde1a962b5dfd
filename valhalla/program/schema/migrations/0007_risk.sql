-- Schema 9: what each import's records were like, counted once when it ended. Working: made again from the lists' rows.
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
) STRICT;

CREATE INDEX quality_by_file ON quality (file_id, import_id);
