"""Statements of the reports, written by hand: each is a page's, names the index that it walks, or ends its counts early."""

from __future__ import annotations

from valhalla.scoring.stages.learning import NO_CONVERSATION

_SILENT = ", ".join(f"'{name}'" for name in NO_CONVERSATION)
"""Outcomes without a conversation, as a list of SQL."""

# -- packets ------------------------------------------------------------------------------------------------


# Leads with a packet that were decided on or changed after it was made.
OUTDATED = """
SELECT l.id FROM (SELECT lead_id, max(created_at) AS made FROM packet GROUP BY lead_id) AS p
JOIN lead AS l ON l.id = p.lead_id WHERE max(l.updated_at, l.decided_at) > p.made ORDER BY l.id LIMIT ?
"""


# -- the week ----------------------------------------------------------------------------------------------

# Along the index of times: a week of calls, or with a cost all that was ever recorded. Added up in Python, by days of a calendar.
WEEK_OUTCOMES = """
SELECT o.lead_id, o.event, o.at, o.amount, o.channel, o.script_id, l.file_id, o.recorded_by
FROM outcome AS o INDEXED BY outcome_by_time JOIN lead AS l ON l.id = o.lead_id
WHERE o.at >= ? AND o.at < ? AND o.undone_at IS NULL AND o.event NOT IN ('paused', 'mail_returned')
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


# Leads by how far recorded outcomes took them; a step includes those that went further.
CHART_REACHED = f"""
SELECT count(*), coalesce(sum(reached >= 2), 0), coalesce(sum(reached >= 3), 0), coalesce(sum(reached >= 4), 0)
FROM (SELECT max(CASE event WHEN 'won' THEN 4 WHEN 'contract' THEN 3 WHEN 'appointment' THEN 2 WHEN 'offer' THEN 2 ELSE 1 END) AS reached
      FROM outcome WHERE undone_at IS NULL AND event NOT IN ({_SILENT}) AND at >= ? GROUP BY lead_id)
"""
