"""Every statement of the ten blocks. By hand: most are conditional updates whose number of changed rows decides, or upserts."""

from __future__ import annotations

# -- alerts ------------------------------------------------------------------------------------------------

# In the order in which AlertSystem reads them.
ALERT_COLUMNS = "id, task, severity, reason, context, correlation_id, state, seen, at, last_at"

# Returns the new number, which subscribers and the audit chain need.
ADD_ALERT = """
INSERT INTO alert (task, severity, reason, context, correlation_id, at, last_at) VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id
"""

# The newest of those that match, oldest first; each filter may be left out. 'standing': open or
# acknowledged.
NEWEST_ALERTS = f"""
SELECT {ALERT_COLUMNS} FROM (SELECT * FROM alert WHERE (?1 IS NULL OR severity = ?1) AND (?2 IS NULL OR task = ?2)
  AND (?3 IS NULL OR state = ?3 OR (?3 = 'standing' AND state <> 'closed')) ORDER BY id DESC LIMIT ?4) AS newest ORDER BY id
"""

# One alert as it is now, for its subscribers and for anyone who changes it.
FIND_ALERT = f"SELECT {ALERT_COLUMNS} FROM alert WHERE id = ?"

# An alert that is repeated is counted on the one that is not closed yet.
STANDING_ALERT = (
    "SELECT id, task, severity, last_at FROM alert WHERE task = ? AND reason = ? AND state <> 'closed'"
)

# For tasks that have one alert whatever its reason.
STANDING_ALERT_OF_TASK = (
    "SELECT id, task, severity, last_at FROM alert WHERE task = ? AND state <> 'closed' ORDER BY id LIMIT 1"
)

# By the beginning of the task, as the tasks of one part have it in common.
STANDING_ALERTS_OF = """
SELECT id, task, severity, last_at FROM alert WHERE state <> 'closed' AND substr(task, 1, length(?1)) = ?1 ORDER BY id
"""

# What is closed when a task has settled; ?2 is the reason that still holds.
STANDING_ALERTS_EXCEPT = (
    "SELECT id FROM alert WHERE task = ? AND state <> 'closed' AND (?2 IS NULL OR reason <> ?2)"
)

# A repetition is counted, not stored; its reason is the newest.
COUNT_ALERT_AGAIN = "UPDATE alert SET seen = seen + 1, last_at = ?, reason = ? WHERE id = ?"

# What got worse is open again, even if someone has acknowledged the milder alert.
ESCALATE_ALERT = "UPDATE alert SET severity = ?, seen = seen + 1, last_at = ?, context = ?, reason = ?, state = 'open' WHERE id = ?"

# Changes nothing for an alert that is closed or in that state already, so that neither is audited twice.
SET_ALERT_STATE = "UPDATE alert SET state = ?, last_at = ? WHERE id = ? AND state <> ? AND state <> 'closed'"

# Severities in their order.
RANK = "CASE severity WHEN 'critical' THEN 3 WHEN 'error' THEN 2 WHEN 'warning' THEN 1 ELSE 0 END"

# What is not closed is found by its partial index, the worst first.
STANDING_ALERTS = f"""
SELECT {ALERT_COLUMNS} FROM alert INDEXED BY alert_open
WHERE state <> 'closed' AND state = :state AND (:severity IS NULL OR severity = :severity)
  AND (:before IS NULL OR ({RANK}, id) < (SELECT {RANK}, id FROM alert WHERE id = :before))
ORDER BY {RANK} DESC, id DESC LIMIT :limit
"""

# Everything there was, closed alerts too, by walking back from the newest number.
ALL_ALERTS = f"""
SELECT {ALERT_COLUMNS} FROM alert
WHERE (:severity IS NULL OR severity = :severity) AND (:before IS NULL OR id < :before) ORDER BY id DESC LIMIT :limit
"""

# For a few lines: the worst, of those the ones that were seen last.
URGENT_ALERTS = f"""
SELECT {ALERT_COLUMNS} FROM alert INDEXED BY alert_open WHERE state = 'open' AND state <> 'closed'
ORDER BY {RANK} DESC, last_at DESC LIMIT ?
"""

# The condition twice: the second makes the partial index usable.
OPEN_BY_SEVERITY = (
    "SELECT severity, count(*) FROM alert WHERE state = 'open' AND state <> 'closed' GROUP BY severity"
)

# By the partial index alone.
STANDING_COUNTS = "SELECT state, severity, count(*) FROM alert INDEXED BY alert_open WHERE state <> 'closed' GROUP BY state, severity"

# One step into the table.
NEWEST_ALERT_NUMBER = "SELECT coalesce(max(id), 0) FROM alert"

# For those who are connected while it happens.
ALERTS_SINCE = f"SELECT {ALERT_COLUMNS} FROM alert WHERE id > ? ORDER BY id DESC LIMIT ?"

# For an erasure: all of them, as whom one is about stands in its text alone.
TEXTS_OF_ALERTS = (
    "SELECT id, task, reason, context FROM alert WHERE context <> '{}' OR reason <> '' ORDER BY id"
)
# Versions before 0.2 named lists, which may be called after somebody, in what alerts are about.
BLANK_ALERT = "UPDATE alert SET task = ?, reason = 'a person who was forgotten', context = '{}' WHERE id = ?"


# -- dry-run lock ------------------------------------------------------------------------------------------

# Returns the number, by which the log is cut to its length without counting it.
ADD_DRY_RUN = (
    "INSERT INTO dry_run_log (at, action, status, error, correlation_id) VALUES (?, ?, ?, ?, ?) RETURNING id"
)

# By number, so that no row is read to count them.
FORGET_DRY_RUNS = "DELETE FROM dry_run_log WHERE id <= ?"

# Of one action, or of all.
READ_DRY_RUNS = "SELECT at, action, status, error, correlation_id FROM dry_run_log WHERE ?1 IS NULL OR action = ?1 ORDER BY id"


# -- governor: a ring of as many slots as actions are allowed, so that a check reads one row however high the limit is

# The limit with the slot that would be used next: it holds the time of the oldest action that counts.
READ_LIMIT = """
SELECT l.max_actions, l.window, l.allowed, l.last_at, s.at FROM governor_limit AS l
LEFT JOIN governor_slot AS s ON s.resource = l.resource AND l.max_actions > 0 AND s.slot = l.allowed % nullif(l.max_actions, 0)
WHERE l.resource = ?
"""

# Overwrites the oldest action of a full ring.
FILL_SLOT = """
INSERT INTO governor_slot (resource, slot, at) VALUES (?, ?, ?)
ON CONFLICT (resource, slot) DO UPDATE SET at = excluded.at
"""

# The count is the position in the ring, too.
COUNT_ALLOWED = "UPDATE governor_limit SET allowed = allowed + 1, last_at = ? WHERE resource = ?"

# A denial takes no slot.
COUNT_DENIED = "UPDATE governor_limit SET denied = denied + 1 WHERE resource = ?"

# Returns the number, by which the log is cut to its length.
ADD_VIOLATION = (
    "INSERT INTO governor_violation (at, resource, max_actions, window) VALUES (?, ?, ?, ?) RETURNING id"
)

# By number, so that no row is read to count them.
FORGET_VIOLATIONS = "DELETE FROM governor_violation WHERE id <= ?"

# With the limit as it was then.
READ_VIOLATIONS = "SELECT at, resource, max_actions, window FROM governor_violation ORDER BY id"

# When the clock was set back, what was allowed moves back with it.
SHIFT_SLOTS = "UPDATE governor_slot SET at = at - ? WHERE resource = ?"

# Together with SHIFT_SLOTS.
SHIFT_LIMIT = "UPDATE governor_limit SET last_at = last_at - ? WHERE resource = ?"

# A limit that exists keeps its counts.
SET_LIMIT = """
INSERT INTO governor_limit (resource, max_actions, window, updated_at) VALUES (?, ?, ?, ?)
ON CONFLICT (resource) DO UPDATE SET max_actions = excluded.max_actions, window = excluded.window,
                                     updated_at = excluded.updated_at
"""

# A limit that changes gets a new ring, filled with the newest actions of the old one.
NEWEST_SLOTS = "SELECT at FROM governor_slot WHERE resource = ? ORDER BY at DESC LIMIT ?"

# Before a ring of another size is filled.
CLEAR_SLOTS = "DELETE FROM governor_slot WHERE resource = ?"

# The position after the slots that were filled.
RESTART_RING = "UPDATE governor_limit SET allowed = ? WHERE resource = ?"

# Counts the actions within the window; a clock that was set back does not empty it (?1 is now).
LIMIT_STATUS = """
SELECT l.resource, l.max_actions, l.window, l.denied,
  (SELECT count(*) FROM governor_slot AS s WHERE s.resource = l.resource AND s.at > max(l.last_at, ?1) - l.window)
FROM governor_limit AS l WHERE ?2 IS NULL OR l.resource = ?2 ORDER BY l.resource
"""

# By number, which is the order of time.
LATEST_VIOLATIONS = "SELECT at, resource FROM governor_violation ORDER BY id DESC LIMIT ?"

# The log is cut to its length, so a walk through it is short.
VIOLATIONS_SINCE = "SELECT count(*) FROM governor_violation WHERE at > ?"


# -- heartbeat ---------------------------------------------------------------------------------------------

# One row for each name: a new process takes over the row of the one before.
BEGIN_HEARTBEAT = """
INSERT INTO heartbeat (name, pid, interval, timeout, beats, started_at, beat_at) VALUES (?, ?, ?, ?, 1, ?, ?)
ON CONFLICT (name) DO UPDATE SET pid = excluded.pid, interval = excluded.interval, timeout = excluded.timeout, beats = 1,
  started_at = excluded.started_at, beat_at = excluded.beat_at, stopped_at = NULL
"""

# A beat is a write: when the file cannot be written there is none.
BEAT = "UPDATE heartbeat SET beats = beats + 1, beat_at = ? WHERE name = ?"

# Only by the process that beats: another may have taken over the row since.
END_HEARTBEAT = "UPDATE heartbeat SET stopped_at = ? WHERE name = ? AND pid = ?"

# For other processes: what the file says about the one that beats.
READ_HEARTBEAT = (
    "SELECT pid, interval, timeout, beats, started_at, beat_at, stopped_at FROM heartbeat WHERE name = ?"
)


# -- idempotency -------------------------------------------------------------------------------------------

# What a key is now; RESERVE_KEY decides.
READ_KEY = "SELECT state, owner, result, expires FROM idempotency_key WHERE key = ?"

# One statement decides among all processes: it takes a key that is new, has outlived its result (?3 is now)
# or is reserved by ?4, which is dead.
RESERVE_KEY = """
INSERT INTO idempotency_key (key, state, owner, created_at) VALUES (?1, 'reserved', ?2, ?3)
ON CONFLICT (key) DO UPDATE SET state = 'reserved', owner = ?2, result = NULL, created_at = ?3, expires = NULL
WHERE (idempotency_key.state = 'done' AND idempotency_key.expires <= ?3)
  OR (idempotency_key.state = 'reserved' AND idempotency_key.owner = ?4)
"""

# Only by its owner: one that was taken for dead has lost it.
FINISH_KEY = """
UPDATE idempotency_key SET state = 'done', result = ?, expires = ? WHERE key = ? AND owner = ? AND state = 'reserved'
"""

# Only by its owner, and never a result.
RELEASE_KEY = "DELETE FROM idempotency_key WHERE key = ? AND owner = ? AND state = 'reserved'"

# Anyone who holds it: a person decided that what it stands for is to be tried again.
FREE_KEY = "DELETE FROM idempotency_key WHERE key = ? AND state = 'reserved'"

# They count for nothing already; this only frees their space.
CLEAR_EXPIRED_KEYS = "DELETE FROM idempotency_key WHERE state = 'done' AND expires <= ?"

# Results that still hold (? is now).
COUNT_KEYS = "SELECT count(*) FROM idempotency_key WHERE state = 'done' AND (expires IS NULL OR expires > ?)"

# Counting ends at a limit: there may be a key for every effect there ever was.
COUNT_KEYS_TO = "SELECT count(*) FROM (SELECT 1 FROM idempotency_key LIMIT ?) AS counted"


# -- retries -----------------------------------------------------------------------------------------------

# Returns the number, by which the log is cut to its length.
ADD_TRY = """
INSERT INTO retry_log (at, task, attempt, status, result, error, correlation_id) VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id
"""

# By number, so that no row is read to count them.
FORGET_TRIES = "DELETE FROM retry_log WHERE id <= ?"

# Of one task, or of all, oldest first.
READ_TRIES = """
SELECT at, task, attempt, status, result, error, correlation_id FROM retry_log
WHERE ?1 IS NULL OR task = ?1 ORDER BY id
"""


# -- probes: what health check and self-check run -----------------------------------------------------------

# The least that shows a connection works, on any engine.
PROBE = "SELECT 1"

# On a scratch database in memory; what is inserted is rolled back.
MAKE_PROBE = "CREATE TABLE IF NOT EXISTS probe (value INTEGER)"

# Rolled back; COUNT_PROBE must not find it.
FILL_PROBE = "INSERT INTO probe VALUES (42)"

# Read in a transaction of its own.
COUNT_PROBE = "SELECT count(*) FROM probe"


# -- the right to erasure --------------------------------------------------------------------------

# All of each: whom a call was about may stand in its result or error.
TEXTS_OF_DRY_RUNS = "SELECT id, error FROM dry_run_log WHERE error IS NOT NULL"
TEXTS_OF_RETRIES = "SELECT id, result, error FROM retry_log"
# One that is being worked on is its owner's.
TEXTS_OF_KEYS = "SELECT key, key, result FROM idempotency_key WHERE state = 'done'"

# Gone, not blanked: they are working data.
DELETE_DRY_RUN = "DELETE FROM dry_run_log WHERE id = ?"
DELETE_RETRY = "DELETE FROM retry_log WHERE id = ?"
DELETE_KEY = "DELETE FROM idempotency_key WHERE key = ? AND state = 'done'"
