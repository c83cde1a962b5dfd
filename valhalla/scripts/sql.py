"""The statements about scripts."""

from __future__ import annotations

_COLUMNS = "id, name, version, channel, market, state, body, created_at, pinned_at"

ALL = f"""
SELECT {_COLUMNS} FROM script
ORDER BY channel, market IS NOT NULL, market,
  CASE state WHEN 'primary' THEN 0 WHEN 'secondary' THEN 1 WHEN 'testing' THEN 2 WHEN 'experimental' THEN 3 ELSE 4 END, id
"""
BY_ID = f"SELECT {_COLUMNS} FROM script WHERE id = ?"
BY_NAME = f"SELECT {_COLUMNS} FROM script WHERE name = ? COLLATE NOCASE ORDER BY version DESC LIMIT 1"
PRIMARY = f"SELECT {_COLUMNS} FROM script WHERE state = 'primary' AND channel = ? AND coalesce(market, '') = coalesce(?, '')"
PINNED = "SELECT id FROM script WHERE pinned_at IS NOT NULL"
NEXT_VERSION = "SELECT coalesce(max(version), 0) + 1 FROM script WHERE name = ?"
ADD = """
INSERT INTO script (name, version, channel, market, state, body, created_at) VALUES (?, ?, ?, ?, 'experimental', ?, ?)
RETURNING id
"""
SET_STATE = "UPDATE script SET state = ? WHERE id = ?"
PIN = "UPDATE script SET pinned_at = ? WHERE id = ?"
ADD_MOVE = """
INSERT INTO script_move (script_id, before, after, at, moved_by, why, evidence) VALUES (?, ?, ?, ?, ?, ?, ?)
"""
MOVES = "SELECT before, after, at, moved_by, why, evidence FROM script_move WHERE script_id = ? ORDER BY id"
MOVES_SINCE = """
SELECT s.name, s.version, m.before, m.after, m.at, m.moved_by, m.why FROM script_move AS m JOIN script AS s ON s.id = m.script_id
WHERE m.at >= ? AND m.before IS NOT NULL ORDER BY m.id
"""
# Leads on which an outcome was recorded while the script was in use, and how far they got.
RECORD = """
SELECT count(DISTINCT lead_id), count(DISTINCT CASE WHEN event IN ('appointment', 'contract', 'won') THEN lead_id END),
       count(DISTINCT CASE WHEN event = 'won' THEN lead_id END),
       count(DISTINCT CASE WHEN event = 'opted_out' THEN lead_id END)
FROM outcome WHERE script_id = ? AND undone_at IS NULL AND event <> 'paused'
"""
