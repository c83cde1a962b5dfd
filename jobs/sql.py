"""Every statement of the queue, with a name and a comment each. Nothing else in the package holds SQL.

Where a statement takes many parameters they are named; the hot ones are positional. What changes a claimed row says
``id = ? AND claims = ? AND state = 'running'``: the fencing token. One row changed, or the claim was lost.
"""

from __future__ import annotations

# -- enqueueing ---------------------------------------------------------------------------------------------

# The highest number of a job that was ever given: sqlite_sequence has that of the newest one that was deleted. (AUTOINCREMENT would
# write it there with each job.)
_LAST_NUMBER = """max(ifnull((SELECT max(id) FROM task), 0),
                        ifnull((SELECT seq FROM sqlite_sequence WHERE name = 'task'), 0))"""

# A conflict can only be the unique key: then nothing is inserted and HOLDER_OF_KEY says who has it.
INSERT = f"""
INSERT INTO task (id, queue, lane, name, state, priority, payload, due, expires, unique_key, unique_scope, unique_until,
                  unique_live, tags, correlation_id, parent_id, created_at)
VALUES ({_LAST_NUMBER} + 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO NOTHING
"""

# Many jobs of one kind: only what differs or matters, in the order in which executemany is fastest.
INSERT_BULK = f"""
INSERT INTO task (id, queue, lane, name, state, priority, payload, due, correlation_id, parent_id, created_at)
VALUES ({_LAST_NUMBER} + 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""

# A key of scope 'period' is let go when its time is over, not when its job ends.
RELEASE_OLD_KEY = """
UPDATE task SET unique_live = 0 WHERE queue = ? AND unique_key = ? AND unique_live = 1 AND unique_until <= ?
"""

HOLDER_OF_KEY = "SELECT id FROM task WHERE queue = ? AND unique_key = ? AND unique_live = 1"

EVENT = (
    "INSERT INTO job_event (task_id, at, event, claim, worker, reason, detail) VALUES (?, ?, ?, ?, ?, ?, ?)"
)

# The end of one job and the start of the next, which share a transaction.
EVENT_PAIR = EVENT + ", (?, ?, ?, ?, ?, ?, ?)"

# The same as EVENT for a range of rows that was inserted in one go.
EVENTS_OF_BULK = """
INSERT INTO job_event (task_id, at, event)
SELECT id, created_at, CASE state WHEN 'waiting' THEN 'enqueued' ELSE 'scheduled' END FROM task
WHERE id BETWEEN ? AND ?
"""

# -- claiming -----------------------------------------------------------------------------------------------

# Which queues and lanes hold waiting rows, one step at a time: each is one seek in the index, however many rows wait.
# (A comparison of row values, or DISTINCT, would read the whole index. Next to a partial index SQLite plans a statement again whenever
# another value is bound to a bare ?, which costs four times what the seek does; with || '' it does not.)
FIRST_QUEUE = "SELECT min(queue) FROM task WHERE state = 'waiting'"

NEXT_QUEUE = "SELECT min(queue) FROM task WHERE state = 'waiting' AND queue > ? || ''"

FIRST_LANE = "SELECT min(lane) FROM task WHERE state = 'waiting' AND queue = ? || ''"

NEXT_LANE = "SELECT min(lane) FROM task WHERE state = 'waiting' AND queue = ? || '' AND lane > ? || ''"

# The next row of a lane, without taking it.
HEAD_OF_LANE = """
SELECT priority, id FROM task WHERE queue = ? || '' AND lane = ? || '' AND state = 'waiting' ORDER BY priority DESC, id LIMIT 1
"""

RUNNING_IN_LANE = "SELECT count(*) FROM task WHERE queue = ? || '' AND lane = ? || '' AND state = 'running'"

PAUSED = "SELECT queue FROM queue_state WHERE paused = 1"

# Taken in place: the row stays, with an owner, a lease and a new fencing token. It has not begun yet.
CLAIM = """
UPDATE task SET state = 'running', claims = claims + 1, owner = ?, lease = ?, started_at = NULL, finished_at = NULL
WHERE id IN (SELECT id FROM task WHERE queue = ? || '' AND lane = ? || '' AND state = 'waiting'
             ORDER BY priority DESC, id LIMIT ? + 0)
RETURNING id, claims, queue, name, payload, priority, tries, failures, lost, suspect, due, expires, cancel,
          correlation_id, parent_id
"""

CLAIM_ONE = CLAIM.replace(
    """id IN (SELECT id FROM task WHERE queue = ? || '' AND lane = ? || '' AND state = 'waiting'
             ORDER BY priority DESC, id LIMIT ? + 0)""",
    "id = ? AND state = 'waiting'",
)

# The try is counted when it begins, so that a row that was only claimed costs nothing when its worker dies.
START = """
UPDATE task SET started_at = ?, tries = tries + 1, unique_live = unique_live & (unique_scope IS NOT 'waiting')
WHERE id = ? AND claims = ? AND state = 'running'
"""

# What was claimed but not begun goes back; it leaves no trace but the number of claims.
HAND_BACK = """
UPDATE task SET state = 'waiting', owner = NULL, lease = NULL
WHERE id = ? AND claims = ? AND state = 'running' AND started_at IS NULL
"""

# The same for a group whose transaction failed: its members run alone from now on, so that a bad one is found.
HAND_BACK_SUSPECT = """
UPDATE task SET state = 'waiting', owner = NULL, lease = NULL, suspect = 1
WHERE id = ? AND claims = ? AND state = 'running' AND started_at IS NULL
"""

# -- while it runs ------------------------------------------------------------------------------------------

# First statement of every transaction of a long job.
FENCE = """
UPDATE task SET lease = max(lease, ?), progress = coalesce(?, progress)
WHERE id = ? AND claims = ? AND state = 'running'
RETURNING cancel
"""

EXTEND_LEASE = "UPDATE task SET lease = ? WHERE id = ? AND claims = ? AND state = 'running'"

IS_MINE = "SELECT cancel FROM task WHERE id = ? AND claims = ? AND state = 'running'"

# -- ending -------------------------------------------------------------------------------------------------

# A job that ran alone: START has counted the try. A key of scope 'period' outlives its job.
FINISH = """
UPDATE task SET state = ?, owner = NULL, lease = NULL, finished_at = ?, failures = ?, result = ?, error = ?,
                unique_live = unique_live & (unique_scope IS 'period')
WHERE id = ? AND claims = ? AND state = 'running'
"""

# A member of a group: begun and ended in the transaction that acknowledges it.
FINISH_IN_GROUP = """
UPDATE task SET state = ?, owner = NULL, lease = NULL, started_at = ?, finished_at = ?, tries = tries + 1, failures = ?,
                result = ?, error = ?, unique_live = unique_live & (unique_scope IS 'period')
WHERE id = ? AND claims = ? AND state = 'running'
"""

# Kinds that keep nothing of what succeeded.
FINISH_AND_FORGET = "DELETE FROM task WHERE id = ? AND claims = ? AND state = 'running'"

# Back to the queue after a failure, at once or later; result and error say what happened last.
RETRY = """
UPDATE task SET state = ?, due = ?, owner = NULL, lease = NULL, failures = ?, error = ?, suspect = 0,
                tries = tries + ?, started_at = coalesce(started_at, ?)
WHERE id = ? AND claims = ? AND state = 'running'
"""

# Back to the queue because the worker stops; neither a failure nor a loss.
RELEASE = """
UPDATE task SET state = 'waiting', owner = NULL, lease = NULL
WHERE id = ? AND claims = ? AND state = 'running'
"""

# -- time ---------------------------------------------------------------------------------------------------

# All due rows in one statement; they never pass through memory.
PROMOTE = "UPDATE task SET state = 'waiting' WHERE state = 'scheduled' AND due <= ?"

EVENTS_OF_DUE = """
INSERT INTO job_event (task_id, at, event) SELECT id, ?, 'due' FROM task WHERE state = 'scheduled' AND due <= ?
"""

NEXT_DUE = "SELECT min(due) FROM task WHERE state = 'scheduled'"

# -- held jobs: see jobs.holding --------------------------------------------------------------------------------

LAST_JOB = f"SELECT {_LAST_NUMBER}"

HELD_JOBS = (
    "SELECT id, payload FROM task WHERE state = 'scheduled' AND due = ? AND id > ? ORDER BY id LIMIT ?"
)

IS_HELD = "SELECT 1 FROM task WHERE id = ? AND state = 'scheduled' AND due = ?"

ANY_UNENDED_BETWEEN = """
SELECT 1 FROM task WHERE id BETWEEN ? AND ? AND state IN ('waiting', 'scheduled', 'running') LIMIT 1
"""

STATES_BETWEEN = "SELECT state, count(*) FROM task WHERE id BETWEEN ? AND ? GROUP BY state"

STATES_OF = "SELECT id, state FROM task WHERE id IN (SELECT value FROM json_each(?))"

LET_GO = "UPDATE task SET state = 'waiting', due = NULL, payload = ? WHERE id = ?"

# -- rate limits ------------------------------------------------------------------------------------------------

# When the newest jobs of a kind began, as JSON; written in the transaction that claims one.
BEGUN = "SELECT value FROM kv WHERE queue = ? AND key = ?"

# -- rescue -------------------------------------------------------------------------------------------------

FOREIGN_OWNERS = (
    "SELECT DISTINCT owner FROM task WHERE state = 'running' AND owner IS NOT NULL AND owner <> ?"
)

# A lease that is missing, over, or further away than any worker would set it (the clock went back).
STALE_CLAIMS = """
SELECT count(*) FROM task WHERE state = 'running' AND (lease IS NULL OR lease <= :now OR lease > :latest)
"""

# Only a job that began is counted as lost, and from one again when it has come further than where it died before. From
# then on it runs in a lane of its kind's suspects, one at a time: what merely ran at the same time as the one that kills is not counted twice.
_BURY = "started_at IS NOT NULL AND iif(progress IS lost_progress, lost, 0) + 1 >= :max_lost"

_RESCUE = """
UPDATE task SET
  state = iif({bury}, 'dead', 'waiting'),
  finished_at = iif({bury}, :now, NULL),
  error = iif({bury}, 'its worker died or went silent ' || (lost + 1) || ' times while it ran', error),
  unique_live = iif({bury}, unique_live & (unique_scope IS 'period'), unique_live),
  lost = iif(started_at IS NULL, lost, iif(progress IS lost_progress, lost, 0) + 1),
  lost_progress = iif(started_at IS NULL, lost_progress, progress),
  lane = iif(started_at IS NOT NULL AND lane = '', '!' || name, lane),
  suspect = 1, owner = NULL, lease = NULL
WHERE state = 'running' AND {which}
RETURNING id, claims, state, name, queue, correlation_id, lane
"""

# All rows of a worker that is dead.
RESCUE_FROM_OWNER = _RESCUE.format(bury=_BURY, which="owner = :owner")

# All rows whose lease is over, whichever worker has them: a hung thread, a stopped machine, a row that was edited by hand.
RESCUE_STALE = _RESCUE.format(bury=_BURY, which="(lease IS NULL OR lease <= :now OR lease > :latest)")

# One row, whose handler died in another process than its worker's.
RESCUE_ONE = _RESCUE.format(bury=_BURY, which="id = :id AND claims = :claims")

# -- workers ------------------------------------------------------------------------------------------------

REGISTER_WORKER = """
INSERT INTO worker (token, queue, host, pid, process_started, threads, started_at, beat_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""

WORKER = "SELECT token, host, pid, process_started FROM worker WHERE id = ?"

BEAT = "UPDATE worker SET beat_at = ?, threads = ? WHERE id = ?"

END_WORKER = "UPDATE worker SET stopped_at = coalesce(stopped_at, ?) WHERE id = ?"

WORKER_IS_OPEN = "SELECT EXISTS (SELECT 1 FROM worker WHERE token = ? AND stopped_at IS NULL)"

# FOREIGN_OWNERS does not see workers that left no job behind; their rows are closed now and then.
OPEN_WORKERS = "SELECT id FROM worker WHERE stopped_at IS NULL AND id <> ?"

# -- Huey's key-value store and counters --------------------------------------------------------------------

PUT = """
INSERT INTO kv (queue, key, value, owner, expires) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (queue, key) DO UPDATE SET value = excluded.value, owner = excluded.owner, expires = excluded.expires
"""

PUT_IF_EMPTY = (
    "INSERT INTO kv (queue, key, value, owner, expires) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
)

PEEK = "SELECT value FROM kv WHERE queue = ? AND key = ? AND (expires IS NULL OR expires > ?)"

DROP = "DELETE FROM kv WHERE queue = ? AND key = ?"

DROP_EXPIRED = "DELETE FROM kv WHERE queue = ? AND key = ? AND expires <= ?"

ITEMS = "SELECT key, value FROM kv WHERE queue = ?"

COUNT_ITEMS = "SELECT count(*) FROM kv WHERE queue = ?"

# Revocations are the keys 'r:<job>' and 'rt:<kind>'; most of the time there are none at all.
ANY_REVOKED = "SELECT EXISTS (SELECT 1 FROM kv WHERE queue = ? AND key >= 'r:' AND key < 'ru')"

FREE_LOCKS_OF = "DELETE FROM kv WHERE owner = ?"

ADD_TO_COUNTER = """
INSERT INTO counter (queue, key, value) VALUES (?, ?, ?)
ON CONFLICT (queue, key) DO UPDATE SET value = counter.value + excluded.value
RETURNING value
"""

DROP_COUNTER = "DELETE FROM counter WHERE queue = ? AND key = ?"

# -- cycles -------------------------------------------------------------------------------------------------

CYCLE = "SELECT spec, last_at FROM cycle_slot WHERE queue = ? AND name = ?"

NEW_CYCLE = """
INSERT INTO cycle_slot (queue, name, spec, last_at) VALUES (?, ?, ?, ?)
ON CONFLICT (queue, name) DO UPDATE SET spec = excluded.spec, last_at = excluded.last_at
"""

# For a page: what became of the slots so far.
CYCLES = "SELECT name, spec, last_at, fired, missed, overrun, task_id FROM cycle_slot WHERE queue = ? ORDER BY name"

# The process that advances last_at has the slot. The comparison makes that one process, in one transaction with the job.
TAKE_SLOT = """
UPDATE cycle_slot SET last_at = ?, fired = fired + ?, missed = missed + ?, overrun = overrun + ?,
                      task_id = coalesce(?, task_id)
WHERE queue = ? AND name = ? AND last_at = ?
"""

# The clock went back behind the last slot.
SET_BACK = "UPDATE cycle_slot SET last_at = ?, jumps = jumps + 1 WHERE queue = ? AND name = ? AND last_at = ?"

# -- lookups ------------------------------------------------------------------------------------------------

COLUMNS = """id, queue, name, state, priority, tries, failures, lost, claims, due, expires, unique_key, tags,
correlation_id, parent_id, owner, lease, created_at, started_at, finished_at, progress, result, error, payload, cancel"""

SHOW = f"SELECT {COLUMNS} FROM task WHERE id = ?"

STATE_OF = "SELECT state FROM task WHERE id = ?"

# Each condition is switched off by a NULL.
LIST = f"""
SELECT {COLUMNS} FROM task
WHERE (:state IS NULL OR state = :state) AND (:queue IS NULL OR queue = :queue) AND (:name IS NULL OR name = :name)
  AND (:tag IS NULL OR (json_valid(tags) AND EXISTS (SELECT 1 FROM json_each(tags) WHERE value = :tag)))
  AND (:text IS NULL OR name LIKE :text ESCAPE '\\' OR payload LIKE :text ESCAPE '\\' OR error LIKE :text ESCAPE '\\'
       OR unique_key LIKE :text ESCAPE '\\')
  AND (:correlation_id IS NULL OR correlation_id = :correlation_id)
  AND (:before IS NULL OR id < :before)
ORDER BY id DESC LIMIT :limit
"""

# For a page: each count walks a partial index and ends at :most.
COUNT_TO = """
SELECT (SELECT count(*) FROM (SELECT 1 FROM task WHERE state = 'running' LIMIT :most)),
  (SELECT count(*) FROM (SELECT 1 FROM task WHERE state = 'waiting' LIMIT :most)),
  (SELECT count(*) FROM (SELECT 1 FROM task WHERE state = 'scheduled' LIMIT :most)),
  (SELECT count(*) FROM (SELECT 1 FROM task WHERE state = 'dead' LIMIT :most))
"""

# The same of one queue.
COUNT_OF_QUEUE_TO = """
SELECT (SELECT count(*) FROM task WHERE state = 'running' AND queue = :queue),
  (SELECT count(*) FROM (SELECT 1 FROM task WHERE state = 'waiting' AND queue = :queue LIMIT :most))
"""

# The few that run, from their partial index.
RUNNING_NOW = f"SELECT {COLUMNS} FROM task INDEXED BY task_running WHERE state = 'running' LIMIT ?"

# Those that ended their workers, the newest first.
KILLERS = f"""
SELECT {COLUMNS} FROM task INDEXED BY task_dead WHERE state = 'dead' AND name = ? AND lost >= ? ORDER BY id DESC
"""

# The newest of some kinds among the last few thousand jobs: no index is by name.
NEWEST_OF_KINDS = f"""
SELECT {COLUMNS} FROM (SELECT * FROM task WHERE id > (SELECT coalesce(max(id), 0) - 5000 FROM task) ORDER BY id DESC)
WHERE name IN (SELECT value FROM json_each(:names)) AND (:state IS NULL OR state = :state) ORDER BY id DESC LIMIT :limit
"""

# The newest of each of some kinds, likewise.
NEWEST_OF_EACH_KIND = f"""
SELECT {COLUMNS} FROM task WHERE id IN (
  SELECT max(id) FROM task WHERE id > (SELECT coalesce(max(id), 0) - 5000 FROM task) AND name IN (SELECT value FROM json_each(?))
  GROUP BY name)
"""

HISTORY = """
SELECT id, at, event, claim, worker, reason, detail FROM job_event WHERE task_id = ? AND id >= ? ORDER BY id
"""

EVENT_RANGE = "SELECT coalesce(min(id), 0), coalesce(max(id), 0) FROM job_event"

# The time of the first event from a number on; numbers may be missing.
EVENT_AT = "SELECT at FROM job_event WHERE id >= ? ORDER BY id LIMIT 1"

# For a chart: how many jobs ended and failed in each of equal parts of the time, among the newest events.
ENDS_OVER_TIME = """
SELECT (at - :since) / :width, event, count(*) FROM job_event
WHERE id >= :first AND at >= :since AND at < :until AND event IN ('done', 'dead', 'retry') GROUP BY 1, 2
"""

# How long the newest of them waited until they began, and ran.
TIMES_OVER_TIME = """
SELECT (event.at - :since) / :width, task.started_at - CASE WHEN task.due > task.created_at THEN task.due ELSE task.created_at END, task.finished_at - task.started_at
FROM job_event AS event JOIN task ON task.id = event.task_id
WHERE event.id >= :first AND event.at >= :since AND event.at < :until AND event.event IN ('done', 'dead')
  AND task.started_at IS NOT NULL AND task.finished_at = event.at
ORDER BY event.id DESC LIMIT :most
"""

COUNT_BY_STATE = "SELECT queue, state, count(*) FROM task GROUP BY queue, state"

COUNT_OF_STATES = "SELECT state, count(*) FROM task GROUP BY state"

COUNT_IN_STATES = "SELECT count(*) FROM task WHERE queue = ? AND state IN (SELECT value FROM json_each(?))"

WAITING_COUNT = "SELECT count(*) FROM task WHERE queue = ? AND state = 'waiting'"

SCHEDULED_COUNT = "SELECT count(*) FROM task WHERE queue = ? AND state = 'scheduled'"

UNFINISHED = (
    "SELECT count(*) FROM task WHERE state IN ('waiting', 'running') AND (:queue IS NULL OR queue = :queue)"
)

PAYLOADS = """
SELECT name, payload FROM task WHERE queue = ? AND state = ? ORDER BY priority DESC, due, id LIMIT ?
"""

# -- operations ---------------------------------------------------------------------------------------------

# By hand, from the dead letters, the canceled, the expired or the done: every counter but claims starts again.
RETURN = """
UPDATE task SET state = 'waiting', due = NULL, expires = NULL, failures = 0, lost = 0, cancel = 0, owner = NULL,
                lease = NULL, started_at = NULL, finished_at = NULL, result = NULL,
                lane = iif(substr(lane, 1, 1) = '!', '', lane),
                unique_live = (unique_key IS NOT NULL)
WHERE id = ? AND state IN ('dead', 'canceled', 'expired', 'done')
"""

CANCEL_WAITING = """
UPDATE task SET state = 'canceled', finished_at = ?, unique_live = unique_live & (unique_scope IS 'period')
WHERE id = ? AND state IN ('waiting', 'scheduled')
"""

# By hand, of a job that has not begun.
EDIT = """
UPDATE task SET payload = ?, priority = ?, state = ?, due = ? WHERE id = ? AND state IN ('waiting', 'scheduled')
"""

ASK_TO_CANCEL = "UPDATE task SET cancel = 1 WHERE id = ? AND state = 'running'"

SET_PAUSED = """
INSERT INTO queue_state (queue, paused, at, actor, reason) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (queue) DO UPDATE SET paused = excluded.paused, at = excluded.at, actor = excluded.actor,
                                  reason = excluded.reason
"""

QUEUE_STATES = "SELECT queue, paused, at, actor, reason FROM queue_state ORDER BY queue"

# A thousand at a time, so that nobody waits long to write. The newest row of all stays: its id must not return.
PRUNABLE = """
SELECT id, name, state, tries, finished_at, result, error FROM task
WHERE id > :after AND state = :state AND finished_at < :before AND (unique_live = 0 OR unique_until <= :now)
  AND (:queue IS NULL OR queue = :queue)
ORDER BY id LIMIT 1000
"""

PRUNE = "DELETE FROM task WHERE id = ?"

# What jobs were given and said, for a caller that looks for a text; a thousand at a time.
TEXTS_OF_JOBS = """
SELECT id, payload, unique_key, tags, progress, lost_progress, result, error FROM task
WHERE id > ? ORDER BY id LIMIT 1000
"""

STATE_OF = "SELECT state FROM task WHERE id = ?"

# The same of what was recorded of them.
TEXTS_OF_EVENTS = """
SELECT id, task_id, reason, detail FROM job_event
WHERE id > ? AND (reason IS NOT NULL OR detail IS NOT NULL) ORDER BY id LIMIT 1000
"""

# One of them as the entry about its removal digests it; nothing when it has not ended.
REMOVABLE = """
SELECT id, name, state, tries, finished_at, result, error FROM task
WHERE id = ? AND state IN ('done', 'dead', 'canceled', 'expired')
"""

# Events of jobs that are gone, in a range of numbers. The newest event stays, so that no number is given twice.
PRUNE_EVENTS = """
DELETE FROM job_event
WHERE id BETWEEN ? AND ? AND id < (SELECT max(id) FROM job_event)
  AND NOT EXISTS (SELECT 1 FROM task WHERE task.id = job_event.task_id)
"""

FLUSH_WAITING = "DELETE FROM task WHERE queue = ? AND state = 'waiting'"

FLUSH_SCHEDULED = "DELETE FROM task WHERE queue = ? AND state = 'scheduled'"

FLUSH_KV = "DELETE FROM kv WHERE queue = ?"

FLUSH_COUNTERS = "DELETE FROM counter WHERE queue = ?"

# Jobs that only a worker that is gone could have run (callables of a process).
BURY_LANE = """
UPDATE task SET state = 'dead', error = ?, finished_at = ?, owner = NULL, lease = NULL, unique_live = 0
WHERE lane = ? AND state IN ('waiting', 'scheduled', 'running')
RETURNING id, claims
"""

# -- sealing events into the audit chain --------------------------------------------------------------------

LAST_SEAL = "SELECT coalesce(max(last), 0) FROM job_seal"

UNSEALED = """
SELECT id, task_id, at, event, claim, worker, reason, detail FROM job_event WHERE id > ? AND id <= ? ORDER BY id
LIMIT ?
"""

SEAL = "INSERT INTO job_seal (last, first, events, digest, at) VALUES (?, ?, ?, ?, ?)"

FORGET_SEALS = "DELETE FROM job_seal WHERE last BETWEEN ? AND ?"

SEALS = "SELECT last, first, events, digest FROM job_seal ORDER BY last"

EVENTS_BETWEEN = """
SELECT id, task_id, at, event, claim, worker, reason, detail FROM job_event WHERE id BETWEEN ? AND ? ORDER BY id
"""

COUNT_UNSEALED = "SELECT count(*) FROM job_event WHERE id > (SELECT coalesce(max(last), 0) FROM job_seal)"

# What the chain says about ranges of events, in order.
ENTRIES_OF_SEALS = "SELECT action, body FROM audit WHERE action IN (?, ?) ORDER BY seq"

# Whether a file that somebody names is one with a queue.
HAS_A_QUEUE = "SELECT count(*) = 2 FROM sqlite_schema WHERE name IN ('task', 'job_event')"

# -- a file that one machine of several may write: read in each write transaction --------------------------

READ_LEASE = "SELECT value FROM kv WHERE queue = 'fleet' AND key = 'lease'"
KEEP_LEASE = """
INSERT INTO kv (queue, key, value) VALUES ('fleet', 'lease', ?1)
ON CONFLICT (queue, key) DO UPDATE SET value = excluded.value
"""
DROP_LEASE = "DELETE FROM kv WHERE queue = 'fleet' AND key = 'lease'"
NOTE_APPLIED = "INSERT INTO kv (queue, key, value) VALUES ('fleet.applied', ?1, ?2) ON CONFLICT DO NOTHING"
