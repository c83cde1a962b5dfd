"""Every statement about effects, live sessions and erasure. By hand: most are conditional updates whose number of changed
rows decides."""

from __future__ import annotations

# -- effects: a row changes only from the state that was read, so that of several processes one has it -----

# Every column of an effect, in the order of its keys in JSON.
COLUMNS = (
    "id, kind, state, target, payload, lead_id, key, reason, tries, sending, owner, response, correlation_id, "
    "drafted_at, drafted_by, approved_at, approved_by, finished_at"
)

# The same effect about the same occasion is drafted once: its key is unique.
ADD = """
INSERT INTO effect (kind, state, target, payload, lead_id, key, correlation_id, drafted_at, drafted_by)
VALUES (?, 'drafted', ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING
"""

# Whether this draft is new: the row that has the key is this one or the first of its kind.
BY_KEY = f"SELECT {COLUMNS} FROM effect WHERE key = ?"

# One effect with everything that its gates and its page need.
SHOW = f"SELECT {COLUMNS} FROM effect WHERE id = ?"

# The newest that match, oldest first; each filter may be left out.
LIST = f"""
SELECT {COLUMNS} FROM (SELECT * FROM effect WHERE (?1 IS NULL OR state = ?1) AND (?2 IS NULL OR kind = ?2)
  AND (?4 IS NULL OR id < ?4) ORDER BY id DESC LIMIT ?3) ORDER BY id
"""

# A few lines on the page of a lead.
OF_LEAD = "SELECT id, kind, state, target, drafted_at, reason FROM effect WHERE lead_id = ? ORDER BY id DESC LIMIT ?"

# For the cards of the pages: every state with its number in one walk of an index.
COUNTS = "SELECT state, count(*) FROM effect GROUP BY state"

# Only a draft: of two people who answer at once one decides.
APPROVE = """
UPDATE effect SET state = 'approved', approved_at = ?, approved_by = ?, reason = NULL WHERE id = ? AND state = 'drafted'
"""

# Also what is approved, until its call has begun.
DENY = """
UPDATE effect SET state = 'denied', reason = ?, finished_at = ? WHERE id = ? AND state IN ('drafted', 'approved', 'blocked')
"""

# Not for one whose person was erased: its payload is empty.
PUT_BACK = """
UPDATE effect SET state = 'approved', approved_at = ?, approved_by = ?, reason = NULL, tries = 0, sending = 0, owner = NULL,
  finished_at = NULL WHERE id = ? AND state = ? AND payload <> '{}'
"""

# What the chain says of an effect, the newest last word first; the actions are those of the index audit_effect.
LAST_WORD = """
SELECT seq, at, actor, correlation_id, action, subject, body, previous, hash FROM audit WHERE subject = ?
  AND action IN ('effect.approve', 'effect.retry', 'effect.deny', 'effect.denied', 'effect.blocked', 'effect.failed',
  'effect.uncertain', 'effect.done') ORDER BY seq DESC LIMIT 1
"""

# Of several processes that work on the queue one takes it.
CLAIM = "UPDATE effect SET state = 'running', owner = ? WHERE id = ? AND state = 'approved'"

# Only for its owner: a process that was taken for dead does not count any more.
COUNT_TRY = "UPDATE effect SET tries = tries + 1 WHERE id = ? AND state = 'running' AND owner = ?"

# On the disk before the call: from then on nobody here can know whether it was done.
SENDING = "UPDATE effect SET sending = 1 WHERE id = ? AND state = 'running' AND owner = ?"

# Also back to approved, when it is to be tried later; sending then stays 1 if this try may have arrived. What was said about somebody who was forgotten meanwhile is not kept.
END = """
UPDATE effect SET state = ?, reason = ?, response = CASE WHEN target = '' THEN NULL ELSE ? END, sending = ?, owner = NULL,
  finished_at = ? WHERE id = ?
"""

# What a process that ended may have left behind.
RUNNING = "SELECT id, owner, sending, key FROM effect WHERE state = 'running'"

# What a start enqueues again: its job may not have been put into the queue.
APPROVED = "SELECT id FROM effect WHERE state = 'approved' ORDER BY id"

# For the right to erasure: what was not sent yet is denied. A purge is the erasure itself.
_BLANK = """
UPDATE effect SET payload = '{{}}', target = '', response = NULL,
  state = CASE WHEN state IN ('drafted', 'approved', 'blocked') THEN 'denied' ELSE state END,
  reason = 'the person was forgotten' WHERE {} = ? AND kind <> 'purge'
"""
BLANK = _BLANK.format("lead_id")
BLANK_ONE = _BLANK.format("id")

# All of them: whom one is about may stand in each.
TEXTS = "SELECT id, target, payload, response, reason FROM effect WHERE target <> '' AND kind <> 'purge' ORDER BY id"


# -- standing approvals: one for each kind at a time; those that ended stay, for auditors ------------------

# In force now, oldest first.
STANDING = (
    "SELECT id, per_day, address FROM standing_approval WHERE kind = ? AND ended_at IS NULL ORDER BY id"
)

# Of one that ended too: what it approved may still wait to be sent.
STANDING_ADDRESS = "SELECT address FROM standing_approval WHERE id = ?"

# The number names the governor's limit, which counts a day of it.
ADD_STANDING = "INSERT INTO standing_approval (kind, per_day, created_at, created_by, address) VALUES (?, ?, ?, ?, ?) RETURNING id"

# Ended, not deleted: who approved in whose name stays in the file.
END_STANDING = "UPDATE standing_approval SET ended_at = ?, ended_by = ? WHERE kind = ? AND ended_at IS NULL"


# -- live sessions -----------------------------------------------------------------------------------------

# The lock is off only while this row says so.
OPEN_LIVE = "INSERT INTO live_session (run_id, opened_at, opened_by, until) VALUES (?, ?, ?, ?) RETURNING id"

# All of them: there is one, or none.
CLOSE_LIVE = "UPDATE live_session SET closed_at = ?, closed_by = ? WHERE closed_at IS NULL"

# Fails closed: not when the run has stopped, the time is over, or the clock was set back before it began.
CURRENT_LIVE = """
SELECT s.id, s.run_id, s.opened_at, s.opened_by, s.until FROM live_session AS s JOIN run AS r ON r.id = s.run_id
WHERE s.closed_at IS NULL AND r.stopped_at IS NULL AND s.opened_at <= ?1 AND s.until > ?1 ORDER BY s.id DESC LIMIT 1
"""

# Only the run that works can be made live.
NEWEST_RUN = "SELECT id, pid FROM run WHERE stopped_at IS NULL ORDER BY id DESC LIMIT 1"


# -- erasure -----------------------------------------------------------------------------------------------

# SQLite then overwrites what is deleted with zeros.
ERASE_BYTES = "PRAGMA secure_delete = 1"

# The default again: zeros cost time at every delete.
KEEP_BYTES = "PRAGMA secure_delete = 0"

# Whether somebody was erased after the file was last cleaned: the program may have stopped in between.
UNCLEANED = """
SELECT coalesce(max(seq) FILTER (WHERE action = 'lead.forget'), 0) > coalesce(max(seq) FILTER (WHERE action = 'file.compact'), 0)
FROM audit WHERE action IN ('lead.forget', 'file.compact')
"""

# The lists that may still hold an erased person, and the files that effects wrote.
FILES = """
SELECT path FROM file UNION SELECT response ->> 'file' FROM effect
WHERE kind = 'export' AND state = 'done' AND response ->> 'file' IS NOT NULL ORDER BY 1
"""
