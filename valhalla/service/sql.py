"""Two statements about runs and tokens, written by hand for the reason given with each."""

from __future__ import annotations

# The newest run with the last cycle it has begun, whether its queue is paused, and when the next cycle is due: in the frame of
# every page, so that one statement answers what would be four queries.
NEWEST_RUN = """
SELECT r.id, r.started_at, r.stopped_at, c.number, c.started_at, c.finished_at, c.ok,
  (SELECT paused FROM queue_state WHERE queue = :queue), (SELECT last_at FROM cycle_slot WHERE queue = :queue AND name = :cycle)
FROM run AS r LEFT JOIN cycle AS c ON c.id = (SELECT max(id) FROM cycle) AND c.run_id = r.id
ORDER BY r.id DESC LIMIT 1
"""

# What the chain says of a token, the newest word last. The actions are spelled out, because they are those of the partial index
# audit_token.
LAST_WORD_ON_TOKEN = """
SELECT seq, at, actor, correlation_id, action, subject, body, previous, hash FROM audit WHERE subject = ?
  AND action IN ('token.add', 'token.revoke') ORDER BY seq DESC LIMIT 1
"""
