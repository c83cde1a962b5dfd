"""The statements about runs and their cycles, and about who has a way into the cockpit."""

from __future__ import annotations

from valhalla.intake.results import COUNTS

BEGIN_RUN = "INSERT INTO run (pid, version, settings, started_at) VALUES (?, ?, ?, ?) RETURNING id"
END_RUN = "UPDATE run SET stopped_at = ?, stop = ? WHERE id = ?"

BEGIN_CYCLE = "INSERT INTO cycle (run_id, number, started_at) VALUES (?, ?, ?) RETURNING id"
END_CYCLE = "UPDATE cycle SET finished_at = ?, ok = ?, files = ?, {} WHERE id = ?".format(
    ", ".join(f"{count} = ?" for count in COUNTS)
)

_ENDED = f"SELECT number, started_at, finished_at, ok, {', '.join(COUNTS)} FROM cycle WHERE finished_at IS NOT NULL"
# A run that has just begun shows no cycle of the one before it.
LAST_CYCLE = f"{_ENDED} AND run_id = (SELECT max(id) FROM run) ORDER BY id DESC LIMIT 1"
# For pages, which show what was last, anyone who did it.
LAST_CYCLE_OF_ANY_RUN = f"{_ENDED} ORDER BY id DESC LIMIT 1"

# The newest run with the last cycle it has begun, whether its queue is paused, and when the next cycle is due.
NEWEST_RUN = """
SELECT r.id, r.started_at, r.stopped_at, c.number, c.started_at, c.finished_at, c.ok,
  (SELECT paused FROM queue_state WHERE queue = :queue), (SELECT last_at FROM cycle_slot WHERE queue = :queue AND name = :cycle)
FROM run AS r LEFT JOIN cycle AS c ON c.id = (SELECT max(id) FROM cycle) AND c.run_id = r.id
ORDER BY r.id DESC LIMIT 1
"""

# -- tokens of programs ------------------------------------------------------------------------------------

ADD_TOKEN = (
    "INSERT INTO token (name, digest, scope, created_at, created_by) VALUES (?, ?, ?, ?, ?) RETURNING id"
)
TOKEN_NAMED = "SELECT id FROM token WHERE name = ? AND revoked_at IS NULL"
TOKEN_OF = "SELECT id, name, scope, created_at, created_by FROM token WHERE digest = ? AND revoked_at IS NULL"
TOKENS = "SELECT id, name, scope, created_at, created_by FROM token WHERE revoked_at IS NULL ORDER BY name"
# What the chain says of a token, the newest word last; the actions are those of the index audit_token.
LAST_WORD_ON_TOKEN = """
SELECT seq, at, actor, correlation_id, action, subject, body, previous, hash FROM audit WHERE subject = ?
  AND action IN ('token.add', 'token.revoke') ORDER BY seq DESC LIMIT 1
"""
REVOKE_TOKEN = "UPDATE token SET revoked_at = ?, revoked_by = ? WHERE id = ?"

# -- the cockpit's name ------------------------------------------------------------------------------------

COCKPIT_NAME = "SELECT value FROM kv WHERE queue = 'cockpit' AND key = 'name'"
# Two programs may make it at once; the first one's holds.
NAME_COCKPIT = (
    "INSERT INTO kv (queue, key, value) VALUES ('cockpit', 'name', ?) ON CONFLICT (queue, key) DO NOTHING"
)


# -- links of people ---------------------------------------------------------------------------------------

# The value of a link: 1 it is good, 2 somebody came in by it, 3 a second use of it was reported.
ADD_LINK = "INSERT INTO kv (queue, key, value, expires) VALUES ('cockpit', ?, x'31', ?)"
GOOD_LINK = (
    "SELECT 1 FROM kv WHERE queue = 'cockpit' AND key = ? AND value = x'31' AND expires > ? AND expires <= ?"
)
SWEEP_LINKS = "DELETE FROM kv WHERE queue = 'cockpit' AND key LIKE 'link:%' AND expires <= ?"

# It may have lapsed and been swept since it was exchanged for a cookie.
SPEND_LINK = """
INSERT INTO kv (queue, key, value, expires) VALUES ('cockpit', ?, x'32', ?)
ON CONFLICT (queue, key) DO UPDATE SET value = excluded.value, expires = excluded.expires WHERE value = x'31'
"""
SPENT_LINK = "SELECT value = x'33' FROM kv WHERE queue = 'cockpit' AND key = ? AND value <> x'31'"
REPORT_LINK = "UPDATE kv SET value = x'33' WHERE queue = 'cockpit' AND key = ? AND value = x'32'"
