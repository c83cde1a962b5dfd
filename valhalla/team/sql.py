"""The statements about people who work here and whom they hold."""

MEMBERS = "SELECT id, name, role, added_at FROM member WHERE removed_at IS NULL ORDER BY id"

ADD_MEMBER = "INSERT INTO member (name, role, added_at, added_by) VALUES (?, ?, ?, ?) RETURNING id"

REMOVE_MEMBER = "UPDATE member SET removed_at = ?, removed_by = ? WHERE id = ?"

# All that are in force: one row for each caller and each lead of the person they call, so a few dozen at most.
HOLDS = "SELECT lead_id, drawn_id, who, at, until FROM lead_hold WHERE until > ? ORDER BY at, lead_id"

# What a caller who went away left behind goes with the next draw.
EXPIRE = "DELETE FROM lead_hold WHERE until <= ?"

RELEASE = "DELETE FROM lead_hold WHERE who = ?"

RENEW = "UPDATE lead_hold SET until = ? WHERE who = ? AND until > ?"

# Along the partial index of open promises. A manager may keep any of them; one of somebody who left is for everybody.
PROMISED_TO_OTHERS = """
SELECT DISTINCT p.lead_id FROM promise AS p JOIN member AS m ON m.name = p.made_by AND m.removed_at IS NULL
WHERE p.state = 'open' AND p.made_by <> ?1
  AND EXISTS (SELECT 1 FROM member WHERE name = ?1 AND role = 'caller' AND removed_at IS NULL)
"""

PROMISE_OF = "SELECT made_by FROM promise WHERE id = ?"

OUTCOME_OF = "SELECT recorded_by FROM outcome WHERE id = ?"

HOLD = "INSERT INTO lead_hold (lead_id, drawn_id, who, at, until) VALUES (?, ?, ?, ?, ?)"

# By lead, through its index: whether what the lead was drawn for has happened.
SETTLED = "SELECT 1 FROM outcome WHERE lead_id = ? AND recorded_at >= ? AND undone_at IS NULL LIMIT 1"

NEWEST_OUTCOME = "SELECT coalesce(max(id), 0) FROM outcome"

# Who was called while a list was read: few, by the key.
OUTCOMES_AFTER = "SELECT DISTINCT lead_id FROM outcome WHERE id > ?"

# -- passwords and sessions: one row for each member, and one for each browser that is signed in

# The password holds until another is chosen; the invitation of before opens nothing any more.
INVITE = """
INSERT INTO credential (member_id, invitation, invited_until, changed_at) VALUES (?, ?, ?, ?)
ON CONFLICT (member_id) DO UPDATE SET invitation = excluded.invitation, invited_until = excluded.invited_until
"""

INVITED = """
SELECT m.id, m.name, m.role, m.added_at FROM credential AS c JOIN member AS m ON m.id = c.member_id
WHERE c.invitation = ? AND c.invited_until > ? AND m.removed_at IS NULL
"""

# Only while the invitation is open: of two browsers that follow one link, the first chooses.
SET_PASSWORD = """
UPDATE credential SET password = ?, invitation = NULL, invited_until = NULL, changed_at = ?
WHERE member_id = ? AND invitation = ? AND invited_until > ?
"""

FORGET_CREDENTIAL = "DELETE FROM credential WHERE member_id = ?"

# All of them, so that a name that nobody has takes as long to look up as one that somebody has.
CREDENTIALS = """
SELECT m.id, m.name, m.role, m.added_at, c.password FROM member AS m LEFT JOIN credential AS c ON c.member_id = m.id
WHERE m.removed_at IS NULL ORDER BY m.id
"""

ADD_SESSION = "INSERT INTO member_session (digest, member_id, created_at, seen_at) VALUES (?, ?, ?, ?)"

SESSION = """
SELECT m.id, m.name, m.role, m.added_at, s.seen_at FROM member_session AS s JOIN member AS m ON m.id = s.member_id
WHERE s.digest = ? AND s.seen_at > ? AND s.created_at > ? AND m.removed_at IS NULL
"""

SEEN = "UPDATE member_session SET seen_at = ? WHERE digest = ?"

END_SESSION = "DELETE FROM member_session WHERE digest = ?"

END_SESSIONS_OF = "DELETE FROM member_session WHERE member_id = ?"

END_SESSIONS = "DELETE FROM member_session"

SWEEP_SESSIONS = "DELETE FROM member_session WHERE seen_at <= ? OR created_at <= ?"

ADD_SIGN_IN = "INSERT INTO sign_in (member_id, at, result) VALUES (?, ?, ?)"

SIGN_INS = """
SELECT s.at, m.name, s.result FROM sign_in AS s LEFT JOIN member AS m ON m.id = s.member_id ORDER BY s.id DESC LIMIT ?
"""
