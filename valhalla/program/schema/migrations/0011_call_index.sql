-- Schema 13: the call list's index is in the order of the list itself: by base, freshness, expected value and number. So a list
-- is read from it without sorting, also where a million leads have the same points.
-- Its line (the least base in it) is moved by valhalla/leads/line.py where too few leads are above it.
DROP INDEX lead_by_score;

CREATE INDEX lead_by_score
  ON lead (score_base DESC, coalesce(list_date, created_at) DESC, expected_value DESC, id, market, source)
  WHERE suppressed IS NULL AND score_base >= 3500;
