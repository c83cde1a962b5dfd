-- Schema 12: what is worked out now and then, not for each batch, and goes into every snapshot of what the stages know.
CREATE TABLE knowledge (
  name TEXT NOT NULL PRIMARY KEY CHECK (name IN ('data_quality', 'learnt_score')),
  body TEXT NOT NULL CHECK (json_valid(body)),
  at   INTEGER NOT NULL
) STRICT;
