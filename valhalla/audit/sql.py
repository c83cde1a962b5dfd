"""Statements about the audit log and about what is removed by age, written by hand: the chain has as many entries as a list has
rows, and what is removed by age goes in portions."""

from __future__ import annotations

# -- verification -------------------------------------------------------------------------------------------

# SQLite's own table. Redacted copies and files of an old version have no such table.
HAS_SEALS = "SELECT 1 FROM sqlite_schema WHERE name = 'job_seal'"

# -- retention: the newest row of each table stays, because its number must not be given twice --------------

WORKING = {
    table: f"DELETE FROM {table} WHERE id IN (SELECT id FROM {table} WHERE {at} < ?1 AND id < (SELECT max(id) FROM {table})"
    " ORDER BY id LIMIT ?2)"
    for table, at in (
        ("dry_run_log", "at"),
        ("retry_log", "at"),
        ("governor_violation", "at"),
        ("cycle", "started_at"),
    )
}
"""By table: logs that only this program reads."""

EVIDENCE = {
    "alert": """
DELETE FROM alert WHERE id IN (SELECT id FROM alert WHERE state = 'closed' AND last_at < ?1
  AND id < (SELECT max(id) FROM alert) ORDER BY id LIMIT ?2)
""",
    "reject": """
DELETE FROM reject WHERE id IN (SELECT id FROM reject WHERE state IN ('superseded', 'ignored') AND created_at < ?1
  AND id < (SELECT max(id) FROM reject) ORDER BY id LIMIT ?2)
""",
}
"""By table: rows whose hashes stay in the chain."""

# -- decisions ----------------------------------------------------------------------------------------------

_IS_DECISION = """(substr(action, 1, instr(action, '.') - 1) IN (SELECT value FROM json_each(?1))
  OR action IN (SELECT value FROM json_each(?2)))"""

# Walks the chain back from its end, and stops when enough were found.
DECISIONS = f"""
SELECT seq, at, actor, action, subject, body FROM audit
WHERE {_IS_DECISION} AND (?3 IS NULL OR subject = ?3 OR substr(action, 1, length(?3) + 1) = ?3 || '.')
  AND (?4 IS NULL OR actor = ?4) AND (?5 IS NULL OR seq < ?5)
ORDER BY seq DESC LIMIT ?6
"""
