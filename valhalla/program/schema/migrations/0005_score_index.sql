-- Schema 6: the call list's index holds only leads that can be near its top.
-- Keeping every lead in it costs a large import a quarter of its time, and nineteen leads in twenty never get near the top.
-- Where the leads above the line do not fill a list, valhalla/leads/top.py reads the others as well.

DROP INDEX lead_by_score;

CREATE INDEX lead_by_score ON lead (score_base DESC, coalesce(list_date, created_at) DESC, market, source)
  WHERE suppressed IS NULL AND score_base >= 3500;
