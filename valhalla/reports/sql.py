"""Every statement of the reports. By hand: most are sums over tables of several rooms for one page."""

from __future__ import annotations

from valhalla.scoring.stages.learning import NO_CONVERSATION

_SILENT = ", ".join(f"'{name}'" for name in NO_CONVERSATION)
"""Outcomes without a conversation, as a list of SQL."""

# -- packets ------------------------------------------------------------------------------------------------

# Of a lead's packets the newest is compared with what would be made now.
LATEST = "SELECT id, body, created_at FROM packet WHERE lead_id = ? ORDER BY id DESC LIMIT 1"

# Returns the number, which the audit entry names.
ADD = "INSERT INTO packet (lead_id, status, body, policy_version, created_at) VALUES (?, ?, ?, ?, ?) RETURNING id"

# Leads with a packet that were decided on or changed after it was made.
OUTDATED = """
SELECT l.id FROM (SELECT lead_id, max(created_at) AS made FROM packet GROUP BY lead_id) AS p
JOIN lead AS l ON l.id = p.lead_id WHERE max(l.updated_at, l.decided_at) > p.made ORDER BY l.id LIMIT ?
"""

# The text alone, which the document names by its number.
SCRIPT_BODY = "SELECT body FROM script WHERE id = ?"

# Where the lead came from, as the person who calls knows it.
IMPORT_PATH = "SELECT path FROM import WHERE id = ?"


# -- what the digest reads ---------------------------------------------------------------------------------

# By source, largest first; what was undone brought nothing.
DIGEST_IMPORTS = """
SELECT s.name, count(DISTINCT i.file_id), sum(i.rows), sum(i.new), sum(i.updated), sum(i.unchanged), sum(i.duplicate), sum(i.rejected)
FROM import AS i JOIN source AS s ON s.id = i.source_id
WHERE i.started_at >= ? AND i.state <> 'undone' AND i.rows > 0 GROUP BY s.name ORDER BY sum(i.rows) DESC, s.name
"""

# Newest first; five are enough to see what is wrong.
DIGEST_FAILED = """
SELECT path, error_message FROM import WHERE started_at >= ? AND state = 'failed' AND error_message IS NOT NULL ORDER BY id DESC LIMIT 5
"""

# The commonest reasons, each with its first row as an example.
DIGEST_REJECTS = """
SELECT r.code, count(*), min(r.id) FROM reject AS r JOIN import AS i ON i.id = r.import_id
WHERE i.started_at >= ? AND r.state = 'open' AND r.code <> 'BUYER' GROUP BY r.code ORDER BY count(*) DESC, r.code LIMIT 6
"""

# Of a reason: file, line and sentence.
DIGEST_EXAMPLE = (
    "SELECT i.path, r.line, r.message FROM reject AS r JOIN import AS i ON i.id = r.import_id WHERE r.id = ?"
)

# By when they were recorded, not by when they happened: the day's work.
DIGEST_OUTCOMES = "SELECT event, count(*), sum(amount) FROM outcome WHERE recorded_at >= ? AND undone_at IS NULL GROUP BY event"

# Running ones first, then those that began or ended within the time.
DIGEST_EXPERIMENTS = "SELECT name FROM experiment WHERE state = 'running' OR stopped_at >= ?1 OR started_at >= ?1 ORDER BY state <> 'running', id"


# Cycles that ended, and those of them that failed.
DIGEST_RUNS = (
    "SELECT count(*), coalesce(sum(ok = 0), 0) FROM cycle WHERE started_at >= ? AND finished_at IS NOT NULL"
)


# -- the week ----------------------------------------------------------------------------------------------

# Along the index of times: a week of calls, or with a cost all that was ever recorded. Added up in Python, by days of a calendar.
WEEK_OUTCOMES = """
SELECT o.lead_id, o.event, o.at, o.amount, o.channel, o.script_id, l.file_id, o.recorded_by
FROM outcome AS o INDEXED BY outcome_by_time JOIN lead AS l ON l.id = o.lead_id
WHERE o.at >= ? AND o.at < ? AND o.undone_at IS NULL AND o.event NOT IN ('paused', 'mail_returned')
"""
# The names of lists.
WEEK_FILES = "SELECT id, path FROM file"
# The names of scripts.
WEEK_SCRIPTS = "SELECT id, name, version FROM script"
# What single lists cost, by list.
WEEK_COSTS = """
SELECT i.file_id, sum(c.amount) FROM list_cost AS c JOIN import AS i ON i.id = c.import_id
WHERE c.removed_at IS NULL GROUP BY i.file_id
"""
# The newest lists with the import that a cost is entered for, and what was entered.
WEEK_LISTS = """
SELECT i.id, s.name, f.path, (SELECT sum(c.amount) FROM list_cost AS c WHERE c.import_id = i.id AND c.removed_at IS NULL)
FROM (SELECT min(id) AS id, file_id FROM import WHERE state <> 'undone' AND new > 0 GROUP BY file_id) AS first
JOIN import AS i ON i.id = first.id JOIN file AS f ON f.id = i.file_id JOIN source AS s ON s.id = i.source_id
ORDER BY i.id DESC LIMIT ?
"""


# -- the overview, and what waits for a person -------------------------------------------------------------

# Each count walks a partial index and ends at :most. (A condition twice makes such an index usable.)
WAITING = """
SELECT (SELECT count(*) FROM (SELECT 1 FROM duplicate WHERE state = 'open' LIMIT :most)),
  (SELECT count(*) FROM (SELECT 1 FROM effect WHERE state = 'drafted' AND state <> 'done' LIMIT :most)),
  (SELECT count(*) FROM (SELECT 1 FROM effect WHERE state = 'uncertain' AND state <> 'done' LIMIT :most)),
  (SELECT count(*) FROM (SELECT 1 FROM task WHERE state = 'dead' LIMIT :most)),
  (SELECT count(*) FROM (SELECT 1 FROM lead_change WHERE state = 'open' LIMIT :most)),
  (SELECT count(*) FROM (SELECT 1 FROM import AS i CROSS JOIN reject AS r INDEXED BY reject_by_import
    ON r.import_id = i.id AND r.state = 'open' AND r.code = 'BUYER' LIMIT :most)),
  (SELECT count(*) FROM (SELECT 1 FROM unfolded INDEXED BY unfolded_open
    WHERE unsure > 0 AND decided_at IS NULL AND undone_at IS NULL LIMIT :most))
"""

# What came in by source since each of three moments, ?1 the latest and ?3 the earliest. A list that was read again from its
# beginning counts its rows, and those that were refused, once: as it was read last.
IN_BY_SOURCE = """
SELECT s.name, {}
FROM (SELECT source_id, started_at, new, updated, rows * stands AS rows, rejected * stands AS rejected FROM (
  SELECT i.*, NOT EXISTS (SELECT 1 FROM import AS later WHERE later.file_id = i.file_id AND later.id > i.id
    AND later.kind = 'whole' AND later.state IN ('done', 'running')) AS stands
  FROM import AS i INDEXED BY import_by_start WHERE i.started_at >= ?3 AND i.state <> 'undone')) AS i
JOIN source AS s ON s.id = i.source_id
GROUP BY s.id ORDER BY sum(i.new) DESC, s.name
""".format(
    ", ".join(
        f"sum(i.{name} * (i.started_at >= ?{number}))"
        for number in (1, 2, 3)
        for name in ("rows", "rejected", "new", "updated")
    )
)

# Leads that were worked on and closed since each of them.
WORKED_AND_CLOSED = (
    "SELECT {} FROM outcome INDEXED BY outcome_by_time WHERE at >= ?3 AND undone_at IS NULL".format(
        ", ".join(
            f"count(DISTINCT CASE WHEN event {which} AND at >= ?{number} THEN lead_id END)"
            for number in (1, 2, 3)
            for which in ("<> 'paused'", "= 'won'")
        )
    )
)

# What the newest refused rows were refused for. (Of a list with a million of them, the newest say enough.)
COMMONEST_REASON = """
SELECT r.code, max(r.import_id) FROM (SELECT code, import_id FROM reject WHERE state = 'open' AND code <> 'BUYER' ORDER BY id DESC LIMIT 1000) AS r
GROUP BY r.code ORDER BY count(*) DESC, r.code LIMIT 1
"""

# What figures that take long depend on; cheap to read.
FIGURES_VERSION = """
SELECT (SELECT coalesce(max(id), 0) FROM outcome), (SELECT count(*) FROM outcome WHERE undone_at IS NOT NULL),
  (SELECT coalesce(max(id), 0) FROM import), (SELECT coalesce(max(version), 0) FROM policy),
  (SELECT value FROM lead_generation WHERE id = 1)
"""


# -- the counts behind the charts --------------------------------------------------------------------------

# Rows read and rows accepted.
CHART_READ = "SELECT coalesce(sum(rows), 0), coalesce(sum(rows - rejected), 0) FROM import WHERE state <> 'undone' AND started_at >= ?"

# Leads that are new since then.
CHART_LEADS = "SELECT count(*) FROM lead WHERE created_at >= ?"

# Leads by how far recorded outcomes took them; a step includes those that went further.
CHART_REACHED = f"""
SELECT count(*), coalesce(sum(reached >= 2), 0), coalesce(sum(reached >= 3), 0), coalesce(sum(reached >= 4), 0)
FROM (SELECT max(CASE event WHEN 'won' THEN 4 WHEN 'contract' THEN 3 WHEN 'appointment' THEN 2 WHEN 'offer' THEN 2 ELSE 1 END) AS reached
      FROM outcome WHERE undone_at IS NULL AND event NOT IN ({_SILENT}) AND at >= ? GROUP BY lead_id)
"""

# Those who may be called, in steps of ten points; a full score belongs to the last step.
CHART_SCORES = """
SELECT min(score / 10, 9), count(*) FROM lead
WHERE suppressed IS NULL AND status NOT IN ('won', 'lost', 'dead', 'opted_out') GROUP BY 1
"""
