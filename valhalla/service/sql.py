"""The statements about runs and their cycles, and about who has a way into the cockpit."""

from __future__ import annotations

# The newest run with the last cycle it has begun, whether its queue is paused, and when the next cycle is due.
NEWEST_RUN = """
SELECT r.id, r.started_at, r.stopped_at, c.number, c.started_at, c.finished_at, c.ok,
  (SELECT paused FROM queue_state WHERE queue = :queue), (SELECT last_at FROM cycle_slot WHERE queue = :queue AND name = :cycle)
FROM run AS r LEFT JOIN cycle AS c ON c.id = (SELECT max(id) FROM cycle) AND c.run_id = r.id
ORDER BY r.id DESC LIMIT 1
"""

# -- tokens of programs ------------------------------------------------------------------------------------

# What the chain says of a token, the newest word last; the actions are those of the index audit_token.
LAST_WORD_ON_TOKEN = """
SELECT seq, at, actor, correlation_id, action, subject, body, previous, hash FROM audit WHERE subject = ?
  AND action IN ('token.add', 'token.revoke') ORDER BY seq DESC LIMIT 1
"""

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
