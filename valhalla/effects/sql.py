"""Statements about effects and erasure, written by hand for the reason given with each."""

from __future__ import annotations

# What the chain says of an effect, the newest last word first. The actions are spelled out, because they are those of the
# partial index audit_effect.
LAST_WORD = """
SELECT seq, at, actor, correlation_id, action, subject, body, previous, hash FROM audit WHERE subject = ?
  AND action IN ('effect.approve', 'effect.retry', 'effect.deny', 'effect.denied', 'effect.blocked', 'effect.failed',
  'effect.uncertain', 'effect.done') ORDER BY seq DESC LIMIT 1
"""

# In the frame of every page, and before everything that goes out. Fails closed: not when the run has stopped, the time is over,
# or the clock was set back before it began.
CURRENT_LIVE = """
SELECT s.id, s.run_id, s.opened_at, s.opened_by, s.until FROM live_session AS s JOIN run AS r ON r.id = s.run_id
WHERE s.closed_at IS NULL AND r.stopped_at IS NULL AND s.opened_at <= ?1 AND s.until > ?1 ORDER BY s.id DESC LIMIT 1
"""

# A pragma: SQLite then overwrites what is deleted with zeros.
ERASE_BYTES = "PRAGMA secure_delete = 1"

# The default again: zeros cost time at every delete.
KEEP_BYTES = "PRAGMA secure_delete = 0"

# Whether somebody was erased after the file was last cleaned: the program may have stopped in between. Two figures of one
# walk, which a composed query would make two.
UNCLEANED = """
SELECT coalesce(max(seq) FILTER (WHERE action = 'lead.forget'), 0) > coalesce(max(seq) FILTER (WHERE action = 'file.compact'), 0)
FROM audit WHERE action IN ('lead.forget', 'file.compact')
"""

# The lists that may still hold an erased person, and the files that effects wrote: two tables and a field of JSON.
FILES = """
SELECT path FROM file UNION SELECT response ->> 'file' FROM effect
WHERE kind = 'export' AND state = 'done' AND response ->> 'file' IS NOT NULL ORDER BY 1
"""
