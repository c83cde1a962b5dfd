-- Whoever calls all day passes over those who were called today; the index says so without a look at each.
DROP INDEX lead_by_score;
CREATE INDEX lead_by_score
  ON lead (
    score_base DESC, coalesce(list_date, created_at) DESC, expected_value DESC, identity, market, source, list_date, last_contact
  )
  WHERE suppressed IS NULL AND score_base >= 2250;
