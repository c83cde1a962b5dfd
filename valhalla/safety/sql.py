"""Statements of the checks, written by hand for the reason given with each."""

from __future__ import annotations

# By hand, because it names the index of the refused rows: a million leads have as many.
# Also those that another process made since the last assessment.
UNCOUNTED_IMPORTS = """
SELECT i.id, i.source_id, i.file_id, i.started_at, i.rows - i.offered, i.rejected - i.offered, i.duplicate, i.fields
FROM (SELECT *, (SELECT count(*) FROM reject AS r INDEXED BY reject_by_import
  WHERE r.import_id = import.id AND r.code = 'BUYER') AS offered FROM import) AS i
WHERE i.state = 'done' AND i.rows > i.offered AND NOT EXISTS (SELECT 1 FROM quality AS q WHERE q.import_id = i.id) ORDER BY i.id
"""

# By hand: the columns that are counted differ from list to list.
# {filled}: how many cells of the optional columns that the list has are filled.
FILLED_CELLS = """
SELECT count(*), {filled}, count(CASE WHEN warnings IS NOT NULL OR value > arv * 3 / 2 THEN 1 END),
  count(list_date), count(CASE WHEN list_date >= ? THEN 1 END), count(CASE WHEN value IS NULL THEN 1 END)
FROM lead WHERE last_import_id = ?
"""

# By hand: SQLite's own table.
# What SQLite makes by itself, such as the indexes of primary keys, is not compared.
SCHEMA = (
    "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite~_%' ESCAPE '~' ORDER BY type, name"
)

# A pragma. Rows whose reference leads nowhere; complete only when every table was read.
BROKEN_REFERENCES = "PRAGMA foreign_key_check"

# A pragma. By its pages: what is in the log counts too, and a file in memory has a size.
FILE_BYTES = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"

# By hand: a table of its own sums, joined with leads and compared with promises.
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
