-- Figures of the console's boards over days: means of five minutes, later of an hour. They can be lost without a loss of evidence.
CREATE TABLE board_history (
  board TEXT NOT NULL CHECK (board IN ('federation', 'memory')),
  step  INTEGER NOT NULL CHECK (step > 0),
  at    INTEGER NOT NULL,
  body  TEXT NOT NULL CHECK (json_valid(body)),
  PRIMARY KEY (board, step, at)
) STRICT, WITHOUT ROWID;
