"""Statements about people who work here and whom they hold, written by hand.

Those of a draw, as a caller waits for each, and composing seven of them takes 3 ms; what compares promises with members twice; and
what is asked before every page of a team.
"""

# -- a draw ----------------------------------------------------------------------------------------

# The few leads that are held now, in the order in which they were drawn.
IN_FORCE = "SELECT lead_id, drawn_id, who, at, until FROM lead_hold WHERE until > ? ORDER BY at, lead_id"
# What a caller had, and what others left behind.
LET_GO = "DELETE FROM lead_hold WHERE until <= ? OR who = ?"
HOLD = "INSERT INTO lead_hold (lead_id, drawn_id, who, at, until) VALUES (?, ?, ?, ?, ?)"
# Whether anything was recorded of a lead since it was drawn.
SETTLED = "SELECT EXISTS (SELECT 1 FROM outcome WHERE lead_id = ? AND recorded_at >= ? AND undone_at IS NULL)"
# Up to where outcomes are known when the list is read, and who was called after that.
NEWEST_OUTCOME = "SELECT coalesce(max(id), 0) FROM outcome"
OUTCOMES_AFTER = "SELECT lead_id FROM outcome WHERE id > ?"

# Along the partial index of open promises. A manager may keep any of them; one of somebody who left is for everybody.
PROMISED_TO_OTHERS = """
SELECT DISTINCT p.lead_id FROM promise AS p JOIN member AS m ON m.name = p.made_by AND m.removed_at IS NULL
WHERE p.state = 'open' AND p.made_by <> ?1
  AND EXISTS (SELECT 1 FROM member WHERE name = ?1 AND role = 'caller' AND removed_at IS NULL)
"""

# -- pages -----------------------------------------------------------------------------------------

# Before every page: 0.02 ms, where a composed query takes ten times that.
SESSION = """
SELECT m.id, m.name, m.role, m.added_at, s.seen_at FROM member_session AS s JOIN member AS m ON m.id = s.member_id
WHERE s.digest = ? AND s.seen_at > ? AND s.created_at > ? AND m.removed_at IS NULL
"""
