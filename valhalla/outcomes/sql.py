"""The statements about outcomes, in one place."""

from __future__ import annotations

from valhalla.leads.sql import COLUMNS
from valhalla.stages import Decision

LEAD = f"SELECT {COLUMNS} FROM lead WHERE id = ?"

# Everything that stands about one lead, in the order in which it happened.
OF_LEAD = """
SELECT event, at, until FROM outcome WHERE lead_id = ? AND undone_at IS NULL ORDER BY at, id
"""

ADD = """
INSERT INTO outcome (lead_id, event, at, amount, channel, reason, until, recorded_at, recorded_by,
                     variant_id, script_id, p_close, predicted_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id
"""

SAME = """
SELECT id FROM outcome WHERE lead_id = ? AND event = ? AND at = ? AND undone_at IS NULL
  AND amount IS ? AND until IS ? LIMIT 1
"""

FIND = "SELECT lead_id, event, undone_at FROM outcome WHERE id = ?"
LATEST_OF_LEAD = "SELECT max(id) FROM outcome WHERE lead_id = ? AND undone_at IS NULL"
UNDO = "UPDATE outcome SET undone_at = ?, undone_by = ? WHERE id = ? AND undone_at IS NULL"

SETTLE_LEAD = "UPDATE lead SET status = ?, contacts = ?, last_contact = ?, hold_until = ?, suppressed = ?, {} WHERE id = ?".format(
    ", ".join(f"{column} = ?" for column in Decision._fields)
)

BY_KEY = "SELECT lead_id FROM lead_key WHERE key = ?"
MOVE_GENERATION = "UPDATE lead_generation SET value = value + 1 WHERE id = 1"

# One row per lead with a result or with work on it: the prediction that stood before its first outcome, and how it ended.
PREDICTIONS = """
SELECT first.p_close, first.predicted_at, lead.first_at, lead.won_at, lead.lost_at, lead.opted_out
FROM (SELECT lead_id, min(at) AS first_at,
             max(CASE WHEN event = 'won' THEN at END) AS won_at,
             max(CASE WHEN event IN ('lost', 'dead') THEN at END) AS lost_at,
             max(event = 'opted_out') AS opted_out
      FROM outcome WHERE undone_at IS NULL AND event <> 'paused' GROUP BY lead_id) AS lead
JOIN outcome AS first ON first.id = (
  SELECT id FROM outcome WHERE lead_id = lead.lead_id AND undone_at IS NULL AND event <> 'paused' ORDER BY recorded_at, id LIMIT 1)
WHERE first.p_close IS NOT NULL
"""
