"""Every statement about the audit log and about what is removed by age."""

from __future__ import annotations

# -- the log ------------------------------------------------------------------------------------------------

# {columns} and {where}: the names of the module that asks, and one condition for each filter that was given.
FIND = "SELECT {columns} FROM audit WHERE {where} ORDER BY seq DESC LIMIT ?"

# When the file was made.
BEGAN = "SELECT at FROM audit WHERE seq = 1"

# -- verification -------------------------------------------------------------------------------------------

# Entries whose facts are signed.
BODIES = "SELECT body FROM audit WHERE action = ?"

# Whether a head that was signed is in this chain.
HAS_ENTRY = "SELECT 1 FROM audit WHERE seq = ? AND hash = ?"

# Redacted copies and files of an old version have no such table.
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

# The newest first: the chain before the one of now, which names the one before that in its copy.
RESTARTS = "SELECT body FROM audit WHERE action = ? ORDER BY seq DESC"

# By the index that keeps hashes from being there twice.
ENTRY_OF_HASH = "SELECT seq FROM audit WHERE hash = ?"

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
# By its number, which is that of its entry.
DECISION = f"SELECT seq, at, actor, action, subject, body FROM audit WHERE {_IS_DECISION} AND seq = ?3"
# Reasons are a person's words: they are kept where they can be erased, not in the chain.
REASON_OF_OUTCOME = "SELECT reason FROM outcome WHERE id = ?"
REASON_OF_PAUSE = "SELECT reason FROM source_pause WHERE id = ?"
SOURCE_OF_PAUSE = "SELECT source FROM source_pause WHERE id = ?"
REASON_OF_POLICY = "SELECT reason FROM policy WHERE version = ?"
