"""The statements of the queue in PostgreSQL's words: what :mod:`jobs.sql` says, and what one statement does here at once.

Each statement reads the tables as they are when it begins (READ COMMITTED), so that what has to be decided and written
together is one statement, or follows a lock in another.
"""

from __future__ import annotations

import re
from itertools import pairwise

from jobs import sql

LOCKS = 1_447_121_993
"""First key of the advisory locks of a queue; of a worker's, the second is its number."""

INSTALLING, CLAIMING, WITNESSING = -1, -2, -3
"""Second keys of the others: making the tables, claiming from lanes with a limit, adding to the chain."""

CHANNEL = "valhalla_queue"

INSTALLED = "SELECT EXISTS (SELECT FROM pg_tables WHERE tablename = 'job_event' AND schemaname = ANY (current_schemas(false)))"
"""By rows of the catalog, which the statement sees as they are now: a session that found no such name a moment ago (``to_regclass``)
goes on to know of none while it waits for who is making the tables."""

LOCK_FOR_TRANSACTION = f"SELECT pg_advisory_xact_lock({LOCKS}, %s)"

# -- enqueueing ---------------------------------------------------------------------------------------------

_NOTED = """, noted AS (INSERT INTO job_event (task_id, at, event) SELECT id, %s::bigint, %s::text FROM made)
SELECT id FROM made"""

INSERT = f"""
WITH made AS (INSERT INTO task (queue, lane, name, state, priority, payload, due, correlation_id, parent_id, created_at)
  VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING id){_NOTED}"""

INSERT_UNIQUE = f"""
WITH made AS (INSERT INTO task (queue, lane, name, state, priority, payload, due, expires, unique_key, unique_scope,
                                unique_until, unique_live, tags, correlation_id, parent_id, created_at)
  VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
  ON CONFLICT (queue, unique_key) WHERE unique_live = 1 DO NOTHING RETURNING id){_NOTED}"""

# The columns as arrays: one statement and one trip, however many rows.
INSERT_MANY = """
WITH made AS (INSERT INTO task (queue, lane, name, state, priority, payload, due, correlation_id, parent_id, created_at)
  SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::bigint[], %s::text[], %s::bigint[], %s::text[],
                       %s::bigint[], %s::bigint[])
  RETURNING id, created_at, state)
INSERT INTO job_event (task_id, at, event)
SELECT id, created_at, CASE state WHEN 'waiting' THEN 'enqueued' ELSE 'scheduled' END FROM made ORDER BY id
"""

# No other transaction adds a job until this one ends, and those that were at it are over.
LOCK_JOBS = "LOCK TABLE task IN SHARE ROW EXCLUSIVE MODE"

LAST_JOB = "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM task_id_seq"

NOTIFY = f"SELECT pg_notify('{CHANNEL}', '')"

LISTEN = f"LISTEN {CHANNEL}"

# -- claiming -----------------------------------------------------------------------------------------------

# From lane to lane by the index, however many rows wait.
FIND_LANES = """
WITH RECURSIVE step (queue, lane) AS (
  (SELECT queue, lane FROM task WHERE state = 'waiting' ORDER BY queue, lane LIMIT 1)
  UNION ALL
  SELECT n.queue, n.lane FROM step s CROSS JOIN LATERAL
    (SELECT t.queue, t.lane FROM task t WHERE t.state = 'waiting' AND (t.queue, t.lane) > (s.queue, s.lane)
     ORDER BY t.queue, t.lane LIMIT 1) n)
SELECT queue, lane FROM step
"""

# Pause, lane, limit, the rows, their owner, the start of the first and its event. Rows that another claims at this moment are
# passed over (SKIP LOCKED), those that it has claimed no longer wait when they are looked at again.
CLAIM = """
WITH open AS MATERIALIZED (
  SELECT l.queue, l.lane, l.most FROM unnest(%(queues)s::text[], %(lanes)s::text[], %(most)s::bigint[]) AS l (queue, lane, most)
  WHERE NOT EXISTS (SELECT 1 FROM queue_state s WHERE s.queue = l.queue AND s.paused = 1)
    AND (l.most IS NULL
         OR (SELECT count(*) FROM task r WHERE r.queue = l.queue AND r.lane = l.lane AND r.state = 'running') < l.most)),
head AS MATERIALIZED (
  SELECT o.queue, o.lane, o.most FROM open o CROSS JOIN LATERAL
    (SELECT t.priority, t.id FROM task t WHERE t.queue = o.queue AND t.lane = o.lane AND t.state = 'waiting'
     ORDER BY t.priority DESC, t.id LIMIT 1 FOR UPDATE SKIP LOCKED) h
  ORDER BY h.priority DESC, h.id LIMIT 1),
chosen AS MATERIALIZED (
  SELECT t.id, t.priority FROM head h CROSS JOIN LATERAL
    (SELECT w.id, w.priority FROM task w WHERE w.queue = h.queue AND w.lane = h.lane AND w.state = 'waiting'
     ORDER BY w.priority DESC, w.id LIMIT CASE WHEN h.most IS NULL THEN %(limit)s::bigint ELSE 1 END
     FOR UPDATE SKIP LOCKED) t),
first AS (SELECT id FROM chosen WHERE %(begin)s::boolean ORDER BY priority DESC, id LIMIT 1),
taken AS (
  UPDATE task SET state = 'running', claims = claims + 1, owner = %(owner)s::bigint, lease = %(lease)s::bigint,
    finished_at = NULL, started_at = CASE WHEN task.id = (SELECT id FROM first) THEN %(now)s::bigint END,
    tries = tries + (task.id IS NOT DISTINCT FROM (SELECT id FROM first))::int,
    unique_live = CASE WHEN task.id = (SELECT id FROM first) AND unique_scope = 'waiting' THEN 0 ELSE unique_live END
  FROM chosen WHERE task.id = chosen.id
  RETURNING task.*),
noted AS (
  INSERT INTO job_event (task_id, at, event, claim, worker)
  SELECT id, started_at, 'started', claims, owner FROM taken WHERE started_at IS NOT NULL)
SELECT id, claims, queue, name, payload, priority, tries - (started_at IS NOT NULL)::int, failures, lost, suspect, due, expires,
       cancel, correlation_id, parent_id,
       EXISTS (SELECT 1 FROM kv WHERE queue = %(queue)s AND key >= 'r:' AND key < 'ru')
FROM taken ORDER BY priority DESC, id
"""

COLUMNS_OF_CLAIM = 15

# -- ending -------------------------------------------------------------------------------------------------

_EVENT = """INSERT INTO job_event (task_id, at, event, claim, worker, reason, detail)
SELECT %s::bigint, %s::bigint, %s::text, %s::bigint, %s::bigint, %s::text, %s::text FROM changed"""


def with_event(statement: str) -> str:
    """A change of one job and its event: as many events are inserted as jobs were changed."""
    return f"WITH changed AS ({translated(statement)} RETURNING 1) {_EVENT}"


def or_nothing(statement: str, event: bool) -> str:
    """The same, or an error when no job was changed (a division by zero), which takes the whole transaction back."""
    noted = f", noted AS ({_EVENT})" if event else ""
    return f"WITH changed AS ({translated(statement)} RETURNING 1){noted} SELECT 1 / count(*) FROM changed"


# By its event; a kind that keeps nothing leaves no row.
HAS_ENDED = """
SELECT NOT EXISTS (SELECT 1 FROM task WHERE id = %s)
  OR EXISTS (SELECT 1 FROM job_event WHERE task_id = %s AND claim = %s AND worker IS NOT NULL
             AND event IN ('done', 'dead', 'canceled', 'expired', 'retry', 'released')
             AND (reason IS NULL OR reason <> 'its worker died' AND reason <> 'its lease was over'))
"""

# -- time and workers -----------------------------------------------------------------------------------------

# Both schedulers that are at it move a row once, with one event.
PROMOTE = """
WITH moved AS (
  UPDATE task SET state = 'waiting' WHERE id IN
    (SELECT id FROM task WHERE state = 'scheduled' AND due <= %s ORDER BY id FOR UPDATE SKIP LOCKED)
  RETURNING id),
noted AS (INSERT INTO job_event (task_id, at, event) SELECT id, %s::bigint, 'due' FROM moved)
SELECT count(*) FROM moved
"""

REGISTER = """
INSERT INTO worker (token, queue, host, pid, process_started, threads, started_at, beat_at)
VALUES (%s, %s, %s, %s, 0, 0, %s, %s) RETURNING id
"""

HOLD = f"SELECT pg_try_advisory_lock({LOCKS}, %s)"

LET_GO = f"SELECT pg_advisory_unlock({LOCKS}, %s)"

_HELD = f"""FROM pg_locks WHERE locktype = 'advisory' AND classid = {LOCKS} AND objsubid = 2 AND granted
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""

# Whether the session that keeps a process's workers alive is the one that is meant, and still has their locks.
HOLDS = f"SELECT count(*) {_HELD} AND pid = %s AND objid = ANY (%s::bigint[])"

# A session of this process that the server has not noticed the end of.
END_HOLDER = f"SELECT pg_terminate_backend(pid) {_HELD} AND pid = %s AND objid = ANY (%s::bigint[])"

# Whether a worker is registered, has stopped, has its lock; and for how many seconds the server has been up.
LIFE = f"""
SELECT token, stopped_at IS NOT NULL, EXISTS (SELECT 1 {_HELD} AND objid = worker.id::bigint),
       extract(epoch FROM clock_timestamp() - pg_postmaster_start_time())::float8
FROM worker WHERE id = %s
"""

NOW = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint"

# -- sealing ------------------------------------------------------------------------------------------------

# In this order: what is seen was numbered before this statement began, by transactions whose own numbers are lower than the one
# that it is given now.
MARK = "SELECT coalesce(max(id), 0), pg_current_xact_id()::text::bigint FROM job_event"

OLDEST_OPEN = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint"

LAST_ENTRY = "SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1"

ADD_ENTRY = (
    "INSERT INTO audit (seq, at, action, subject, body, previous, hash) VALUES (%s, %s, %s, %s, %s, %s, %s)"
)

ENTRIES = "SELECT seq, at, action, subject, body, previous, hash FROM audit ORDER BY seq"

# -- what jobs.sql says, in other words -----------------------------------------------------------------------

_LIVE = "unique_live = CASE WHEN unique_scope {} THEN unique_live ELSE 0 END"

_WORDS = (
    (
        "unique_live = unique_live & (unique_scope IS NOT 'waiting')",
        _LIVE.format("IS DISTINCT FROM 'waiting'"),
    ),
    ("unique_live = unique_live & (unique_scope IS 'period')", _LIVE.format("= 'period'")),
    ("unique_live = (unique_key IS NOT NULL)", "unique_live = (unique_key IS NOT NULL)::int"),
    ("max(lease, ?)", "greatest(lease, ?)"),
    ("INDEXED BY task_running ", ""),
    ("INDEXED BY task_dead ", ""),
    ("LIMIT :most)", "LIMIT :most) AS counted"),
    ("LIMIT ? + 0)", "LIMIT ? FOR UPDATE SKIP LOCKED)"),
    ("ORDER BY id DESC)\nWHERE", "ORDER BY id DESC) AS newest\nWHERE"),
    ("id IN (SELECT value FROM json_each(?))", "id IN (SELECT jsonb_array_elements_text(?::jsonb)::bigint)"),
    ("(SELECT value FROM json_each(?))", "(SELECT jsonb_array_elements_text(?::jsonb))"),
    ("(SELECT value FROM json_each(:names))", "(SELECT jsonb_array_elements_text(:names::jsonb))"),
    (
        "(json_valid(tags) AND EXISTS (SELECT 1 FROM json_each(tags) WHERE value = :tag))",
        "jsonb_exists(tags::jsonb, :tag)",
    ),
    ("iif(substr(lane, 1, 1) = '!', '', lane)", "CASE WHEN lane LIKE '!%' THEN '' ELSE lane END"),
    ("progress IS lost_progress", "progress IS NOT DISTINCT FROM lost_progress"),
    ("ORDER BY priority DESC, due, id LIMIT ?", "ORDER BY priority DESC, due, id LIMIT nullif(?, -1)"),
)

_FOR_RESCUE = (
    (
        "unique_live & (unique_scope IS 'period')",
        "CASE WHEN unique_scope = 'period' THEN unique_live ELSE 0 END",
    ),
    ("progress IS lost_progress", "progress IS NOT DISTINCT FROM lost_progress"),
)


def _rescue(statement: str) -> str:
    """A rescue passes over rows that their worker is ending at this moment."""
    for old, new in _FOR_RESCUE:
        statement = statement.replace(old, new)
    while (found := re.search(r"\biif\(", statement)) is not None:
        depth, at, cuts = 0, found.end(), [found.end() - 1]
        while depth >= 0:
            depth += {"(": 1, ")": -1}.get(statement[at], 0)
            if depth < 0 or (depth == 0 and statement[at] == ","):
                cuts.append(at)
            at += 1
        parts = [statement[start + 1 : end] for start, end in pairwise(cuts)]
        case = f"(CASE WHEN {parts[0]} THEN {parts[1]} ELSE {parts[2]} END)"
        statement = statement[: found.start()] + case + statement[at:]
    head, _, rest = statement.partition("WHERE state = 'running' AND ")
    which, _, returning = rest.partition("\nRETURNING")
    inner = f"SELECT id FROM task WHERE state = 'running' AND {which} ORDER BY id FOR UPDATE SKIP LOCKED"
    return f"{head}WHERE id IN ({inner})\nRETURNING{returning}"


_known: dict[str, str] = {}


def translated(statement: str) -> str:
    """A statement of :mod:`jobs.sql` for this server, with psycopg's placeholders."""
    done = _known.get(statement)
    if done is None:
        text = statement
        if text in (sql.RESCUE_FROM_OWNER, sql.RESCUE_STALE, sql.RESCUE_ONE):
            text = _rescue(text)
        for old, new in _WORDS:
            text = text.replace(old, new)
        text = text.replace("%", "%%")
        text = re.sub(r"(?<![:\w]):([a-z_]+)", r"%(\1)s", text).replace("?", "%s")
        done = _known[statement] = text
    return done
