"""The statements about people who work here and whom they hold."""

MEMBERS = "SELECT id, name, role, added_at FROM member WHERE removed_at IS NULL ORDER BY id"

ADD_MEMBER = "INSERT INTO member (name, role, added_at, added_by) VALUES (?, ?, ?, ?) RETURNING id"

REMOVE_MEMBER = "UPDATE member SET removed_at = ?, removed_by = ? WHERE id = ?"

# All that are in force: one row for each caller and each lead of the person they call, so a few dozen at most.
HOLDS = "SELECT lead_id, drawn_id, who, at, until FROM lead_hold WHERE until > ? ORDER BY at, lead_id"

# What a caller who went away left behind goes with the next draw.
EXPIRE = "DELETE FROM lead_hold WHERE until <= ?"

RELEASE = "DELETE FROM lead_hold WHERE who = ?"

RENEW = "UPDATE lead_hold SET until = ? WHERE who = ?"

HOLD = "INSERT INTO lead_hold (lead_id, drawn_id, who, at, until) VALUES (?, ?, ?, ?, ?)"

# By lead, through its index: whether what the lead was drawn for has happened.
SETTLED = "SELECT 1 FROM outcome WHERE lead_id = ? AND recorded_at >= ? AND undone_at IS NULL LIMIT 1"
