"""Every statement of the checks. By hand: they count and compare over tables of several rooms, and none of them writes but
ADD_QUALITY."""

from __future__ import annotations

# -- data quality: counted once per import, then summed over the lists as they stand -----------------------

# Also those that another process made since the last assessment.
UNCOUNTED_IMPORTS = """
SELECT i.id, i.source_id, i.file_id, i.started_at, i.rows - i.offered, i.rejected - i.offered, i.duplicate, i.fields
FROM (SELECT *, (SELECT count(*) FROM reject AS r INDEXED BY reject_by_import
  WHERE r.import_id = import.id AND r.code = 'BUYER') AS offered FROM import) AS i
WHERE i.state = 'done' AND i.rows > i.offered AND NOT EXISTS (SELECT 1 FROM quality AS q WHERE q.import_id = i.id) ORDER BY i.id
"""

# Every code for a required cell without a value begins so.
MISSING_CELLS = "SELECT count(*) FROM reject WHERE import_id = ? AND code LIKE 'MISSING~_%' ESCAPE '~'"

# Prices as they stand, for outliers; a sample of a large list is enough.
VALUES_OF_IMPORT = "SELECT value FROM lead WHERE last_import_id = ? AND value IS NOT NULL LIMIT ?"

# In the order of the fields of valhalla.safety.quality.Counts.
QUALITY_COLUMNS = (
    "import_id, source_id, file_id, at, records, rejected, duplicates, missing_cells, stored, optional_cells, "
    "optional_filled, inconsistent, outliers, dated, fresh, same_value, required"
)

# Two processes may count the same import; the first is kept.
ADD_QUALITY = "INSERT INTO quality VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (import_id) DO NOTHING"

# {filled}: how many cells of the optional columns that the list has are filled.
FILLED_CELLS = """
SELECT count(*), {filled}, count(CASE WHEN warnings IS NOT NULL OR value > arv * 3 / 2 THEN 1 END),
  count(list_date), count(CASE WHEN list_date >= ? THEN 1 END), count(CASE WHEN value IS NULL THEN 1 END)
FROM lead WHERE last_import_id = ?
"""

# The newest counted import of each list; what was undone does not count.
STANDING_QUALITY = f"""
SELECT {QUALITY_COLUMNS} FROM quality WHERE import_id IN (
  SELECT max(q.import_id) FROM quality AS q JOIN import AS i ON i.id = q.import_id WHERE i.state = 'done' GROUP BY q.file_id)
"""

# What the source usually sends, newest first.
QUALITY_OF_SOURCE = (
    f"SELECT {QUALITY_COLUMNS} FROM quality WHERE source_id = ? ORDER BY import_id DESC LIMIT ?"
)


# -- load --------------------------------------------------------------------------------------------------

# How far the queue lags behind.
OLDEST_JOB = """
SELECT min(created_at) FROM task
WHERE state = 'waiting' AND queue NOT IN (SELECT queue FROM queue_state WHERE paused = 1)
"""

# Compared with the interval: a cycle that takes longer is late for the next.
LAST_CYCLE = (
    "SELECT finished_at - started_at FROM cycle WHERE finished_at IS NOT NULL ORDER BY id DESC LIMIT 1"
)

# Since the file was made: a figure that grows is the sign.
MISSED_CYCLES = "SELECT coalesce(sum(missed + overrun), 0) FROM cycle_slot WHERE name = 'ingest.cycle'"


# -- readiness and security --------------------------------------------------------------------------------

# A clock that is behind these was set back.
NEWEST_MOMENT = (
    "SELECT max(at) FROM (SELECT max(at) AS at FROM audit UNION ALL SELECT max(beat_at) FROM heartbeat)"
)

# In the order of the parameters of db.audit.entry_hash.
RECENT_ENTRIES = """
SELECT seq, at, actor, correlation_id, action, subject, body, previous, hash FROM audit WHERE seq > ? ORDER BY seq
"""

# What SQLite makes by itself, such as the indexes of primary keys, is not compared.
SCHEMA = (
    "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite~_%' ESCAPE '~' ORDER BY type, name"
)

# As stored, because settings that the program no longer knows may hold a secret too.
SETTINGS_AS_STORED = "SELECT key, value FROM setting"


# -- risk rules: each asks one question of tables of several rooms -----------------------------------------

# R1, R3: lists that could not be read at all.
BROKEN_FILES = "SELECT id, path, error_code, error FROM file WHERE error_code IS NOT NULL ORDER BY id"

# R1: lists that the last cycle was to read and could not; their alerts stand until one reads them.
UNREAD_LISTS = (
    "SELECT task, reason, context FROM alert WHERE state <> 'closed' AND task LIKE 'list:%' ORDER BY id"
)

# R3, R4, R9, R10, R17: the newest import of each list.
NEWEST_IMPORTS = """
SELECT i.id, i.path, i.state, i.rows, i.warnings, s.name, i.source_id, i.kind, i.file_id
FROM import AS i JOIN source AS s ON s.id = i.source_id
WHERE i.id IN (SELECT max(id) FROM import GROUP BY file_id) ORDER BY i.id
"""

# R4: a list that grows is imported in parts, which say nothing about its size.
SIZES_BEFORE = "SELECT rows FROM import WHERE source_id = ? AND id < ? AND state = 'done' AND kind = 'whole' ORDER BY id DESC LIMIT 20"

# R7: a lead typed by hand is no sign that a source still delivers.
ARRIVALS = """
SELECT started_at FROM import WHERE source_id = ? AND state = 'done' AND path NOT LIKE '(by hand)%' ORDER BY id DESC LIMIT 20
"""

# R6: changes that wait for a person.
OPEN_REVIEWS = "SELECT count(*) FROM lead_change WHERE state = 'open'"

# R8: a list that is appended to is imported in parts.
GROWING_LISTS = """
SELECT path, count(*), min(started_at), max(started_at), max(file_id) FROM import
WHERE kind = 'tail' AND started_at >= ? GROUP BY path
"""

# R12: how many leads each variant of a running experiment has.
ARMS = """
SELECT e.id, e.name, v.id, v.weight, (SELECT count(*) FROM lead AS l WHERE l.variant_id = v.id) FROM experiment AS e
JOIN variant AS v ON v.experiment_id = e.id WHERE e.state = 'running' ORDER BY e.id, v.id
"""

# R16: when a list of people who must not be contacted was last loaded.
NEWEST_DNC_LIST = "SELECT max(created_at) FROM suppression WHERE origin = 'list'"

# R7: every source, also one that has delivered nothing yet.
SOURCES = "SELECT id, name FROM source ORDER BY id"


# -- the database itself ------------------------------------------------------------------------------------

# Rows whose reference leads nowhere; complete only when every table was read.
BROKEN_REFERENCES = "PRAGMA foreign_key_check"

# By its pages: what is in the log counts too, and a file in memory has a size.
FILE_BYTES = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"


# -- self-test: what the run has made of the sample leads ---------------------------------------------------

# What the run has made of the sample leads so far.
COUNT_SCORED_LEADS = "SELECT count(*), count(score) FROM lead"

# -- what is stuck ---------------------------------------------------------------------------------

# Talked to, no further than that, nothing promised, not asked to wait: how many, and since when the oldest.
LEFT_AFTER_CONTACT = """
SELECT count(*), min(talked.at) FROM (
  SELECT lead_id, max(at) AS at FROM outcome
  WHERE undone_at IS NULL AND event IN ('inbound', 'callback', 'contacted', 'interested') GROUP BY lead_id
) AS talked JOIN lead AS l ON l.id = talked.lead_id
WHERE talked.at <= :since AND l.status = 'contacted' AND l.suppressed IS NULL AND coalesce(l.hold_until, 0) <= :now
  AND coalesce(l.last_contact, 0) <= :since
  AND NOT EXISTS (SELECT 1 FROM promise AS p WHERE p.lead_id = l.id AND p.state = 'open')
"""

# -- trends of what has a threshold ----------------------------------------------------------------

# Of the lists that were read in a span of time.
READ_BETWEEN = """
SELECT coalesce(sum(rows), 0), coalesce(sum(rejected), 0), coalesce(sum(duplicate), 0) FROM import
WHERE started_at >= ? AND started_at < ? AND state = 'done'
"""
# Changes that lists asked for and that nobody had decided on, then and now.
WAITED_AT = "SELECT count(*) FROM lead_change WHERE at < ?1 AND (decided_at IS NULL OR decided_at >= ?1)"
# When somebody was last put on the list, or it was compared with the registry.
NEWEST_SUPPRESSION = "SELECT max((SELECT coalesce(max(created_at), 0) FROM suppression), (SELECT coalesce(max(at), 0) FROM scrub))"

# -- when each block was last used -----------------------------------------------------------------

# Walks the chain back from its end.
LAST_ACTION = "SELECT at FROM audit WHERE action IN ({}) ORDER BY seq DESC LIMIT 1"
# By the highest number, or the latest time of a small table.
LAST_ENTRY = "SELECT at FROM audit ORDER BY seq DESC LIMIT 1"
LAST_BLOCKED = "SELECT at FROM dry_run_log ORDER BY id DESC LIMIT 1"
LAST_JOB = "SELECT finished_at FROM task WHERE finished_at IS NOT NULL ORDER BY id DESC LIMIT 1"
LAST_BEAT = "SELECT max(beat_at) FROM heartbeat"
LAST_RETRY = "SELECT at FROM retry_log ORDER BY id DESC LIMIT 1"
LAST_KEY = "SELECT max(created_at) FROM idempotency_key"
LAST_GOVERNED = "SELECT max(at) FROM governor_slot"
LAST_ALERT = "SELECT last_at FROM alert ORDER BY id DESC LIMIT 1"
LAST_SOURCE = "SELECT max(created_at) FROM source"
LAST_OUTCOME = "SELECT recorded_at FROM outcome ORDER BY id DESC LIMIT 1"
LAST_LEAD = "SELECT created_at FROM lead ORDER BY id DESC LIMIT 1"
LAST_DEAL = "SELECT max(updated_at) FROM deal"
LAST_MERGE = "SELECT max((SELECT max(at) FROM lead_merge), (SELECT max(found_at) FROM duplicate))"
LAST_STUCK = "SELECT max(last_at) FROM alert WHERE substr(task, 1, 6) = 'stuck:'"
LAST_RISK = "SELECT finished_at FROM task WHERE name = 'safety.risk' AND finished_at IS NOT NULL ORDER BY id DESC LIMIT 1"
LAST_SCRIPT = "SELECT at FROM script_move ORDER BY id DESC LIMIT 1"
LAST_PACKET = "SELECT created_at FROM packet ORDER BY id DESC LIMIT 1"
LAST_COPY = LAST_ACTION.format("'audit.copy'")

# -- what a probe looks at in its own database -----------------------------------------------------

BEST_BASE = "SELECT max(score_base + 0) FROM lead WHERE suppressed IS NULL"
RULES_IN_FORCE = "SELECT body FROM policy ORDER BY version DESC LIMIT 1"
HOW_MANY_LEADS = "SELECT count(*) FROM lead WHERE suppressed IS NULL"
HOW_MANY_POLICIES = "SELECT count(*) FROM policy"
# An outcome that was recorded by the chain's word, and is now another one.
ALTER_OUTCOME = "UPDATE outcome SET amount = 1 WHERE id = 1"
DRAWN = "SELECT id, variant_id FROM lead WHERE variant_id IS NOT NULL ORDER BY id"
PREDICT = "UPDATE lead SET p_close = 100000 WHERE id <= ?"
