"""What the memory source asks the files of other programs: by hand, because these are not our tables, and differ from version
to version. Times are compared as instants: `YYYY-MM-DD HH:MM:SS`, the same with `T`, with a zone, with
fractions, and seconds since 1970 all mean what they say; without a zone they are UTC, as SQLite writes them."""

from __future__ import annotations

# -- any file -----------------------------------------------------------------------------------------------

ONLY_READ = "PRAGMA query_only = 1"
"""On top of opening it for reading only: a question that would write is refused before it begins."""

TOUCH = "SELECT count(*) FROM sqlite_schema"
"""Opening reads nothing; this finds what is damaged, locked or no database."""

VERSION = "PRAGMA data_version"
"""Moves with every commit of another connection."""

COLUMNS = """
SELECT m.name, c.name FROM sqlite_schema m, pragma_table_info(m.name) c
WHERE m.type IN ('table', 'view') AND m.name NOT LIKE 'sqlite~_%' ESCAPE '~'
"""
"""Other programs' files come in several versions: what is missing is not asked for."""

# -- reasoning.db -------------------------------------------------------------------------------------------

AT = "unixepoch(created_at, 'auto', 'subsec')"
"""A row's time in seconds since 1970; NULL for what is not a time."""

STAGE_TAIL = f"""
SELECT rowid, {AT}, session_id, confidence FROM reasoning_stages ORDER BY rowid DESC LIMIT ?
"""
"""The stages written last, the last first."""

SESSION_TAIL = f"""
SELECT rowid, {AT}, agent_name, substr(query, 1, 160), overall_confidence, timestamp
FROM reasoning_sessions ORDER BY rowid DESC LIMIT ?
"""
"""The sessions written last, the last first."""

LATEST_BELOW = f"SELECT max({AT}) FROM {{table}} WHERE rowid >= ? AND rowid < ?"
"""The newest time among rows by number: shows whether the rows written last are also the newest ones."""

MOMENTS = f"""
SELECT {AT} AS at, count(*), max(rowid) FROM {{table}} WHERE rowid > :after AND {AT} > :since {{more}} GROUP BY at
"""
"""How many rows there are at each moment, among those written after a row by number."""

# The number up to which a file has been read.
LAST = "SELECT max(rowid) FROM {table}"

NEWEST_SESSIONS = f"""
SELECT rowid, {AT}, agent_name, substr(query, 1, 160), overall_confidence, timestamp
FROM reasoning_sessions ORDER BY {AT} DESC, rowid DESC LIMIT ?
"""
"""For files whose rows are not written in the order of their times."""

# All stages of the sessions concerned: the one before may be older than what was read.
STAGES_OF = f"""
SELECT rowid, {AT}, session_id, confidence FROM reasoning_stages
WHERE typeof(confidence) IN ('real', 'integer') AND session_id IN (SELECT value FROM json_each(?))
"""

NEWEST_DELTAS = f"""
SELECT delta FROM (
    SELECT at, id, confidence - lag(confidence) OVER (PARTITION BY session_id ORDER BY at, id) AS delta
    FROM (SELECT {AT} AS at, rowid AS id, session_id, confidence FROM reasoning_stages
          WHERE typeof(confidence) IN ('real', 'integer') AND session_id IS NOT NULL))
WHERE delta IS NOT NULL ORDER BY at DESC, id DESC LIMIT ?
"""
"""Differences of consecutive stages within a session, newest first: the plain definition, and slow on a large file."""

# The lines of the board: rows in each step of ten minutes, in one walk.
HISTORY = f"""
SELECT CAST(ceil(({AT} - :start) / :width) AS INTEGER) - 1 AS bucket, count(*) FROM {{table}}
WHERE {AT} > :start AND {AT} <= :now {{more}} GROUP BY bucket
"""

# -- ark.db -------------------------------------------------------------------------------------------------

# Uses against distinct snippets; see Ark.deduplication.
DEDUPLICATION = "SELECT sum(usage_count), count(DISTINCT code_snippet) FROM code_patterns"

# Tiers under whatever name: the reader joins those that differ in case.
TRUST = "SELECT trust_tier, count(*) FROM code_index GROUP BY trust_tier"

QUARANTINED = """(lower(trim(coalesce(status, ''))) IN ('error', 'failed', 'timeout', 'killed', 'refused')
    OR replace(replace(trim(coalesce(security_violations, '')), ' ', ''), char(10), '')
       NOT IN ('', '[]', '{}', 'null', '0'))"""
"""An execution is in quarantine when it did not end well or has violations listed."""

# For the figure on the board.
QUARANTINE_COUNT = f"SELECT count(*) FROM sandbox_executions WHERE {QUARANTINED}"

# For its list; violations are cut, because other programs write anything.
QUARANTINE = f"""
SELECT execution_id, status, substr(security_violations, 1, 400) FROM sandbox_executions
WHERE {QUARANTINED} ORDER BY rowid DESC LIMIT ?
"""

# -- made-up data -------------------------------------------------------------------------------------------

REASONING_TABLES = """
CREATE TABLE IF NOT EXISTS reasoning_sessions (
    session_id TEXT PRIMARY KEY, agent_name TEXT NOT NULL, query TEXT NOT NULL, final_output TEXT,
    overall_confidence REAL, total_duration_ms REAL, timestamp TEXT NOT NULL, metadata TEXT,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP);
CREATE TABLE IF NOT EXISTS reasoning_stages (
    id INTEGER PRIMARY KEY AUTOINCREMENT, session_id TEXT, stage_name TEXT, stage_order INTEGER,
    confidence REAL, duration_ms REAL, created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP);
CREATE INDEX IF NOT EXISTS idx_stages_created ON reasoning_stages (created_at);
"""
"""As the ARK programs make them."""

ARK_TABLES = """
CREATE TABLE IF NOT EXISTS code_index (file_id INTEGER PRIMARY KEY, file_path TEXT, trust_tier TEXT);
CREATE TABLE IF NOT EXISTS code_patterns (pattern_id INTEGER PRIMARY KEY, code_snippet TEXT, usage_count INTEGER);
CREATE TABLE IF NOT EXISTS sandbox_executions (execution_id TEXT, status TEXT, security_violations TEXT);
"""
"""What the board reads of them; the programs themselves have further columns."""

REASONING_MADE_UP = {
    "reasoning_sessions": "session_id LIKE 'seed-%'",
    "reasoning_stages": "session_id LIKE 'seed-%'",
}
ARK_MADE_UP = {
    "code_index": "file_path LIKE 'seed/%'",
    "code_patterns": "code_snippet LIKE 'seed %'",
    "sandbox_executions": "execution_id LIKE 'seed-%'",
}
"""How a row that was made up is known in each table."""

# A row of somebody else: then the file is real.
FOREIGN_ROW = "SELECT 1 FROM {table} WHERE ({own}) IS NOT 1 LIMIT 1"

# Made-up rows are replaced, not added to.
EMPTIED = "DELETE FROM {table}"

SPELLED = "strftime('%Y-%m-%d %H:%M:%f', ?, 'unixepoch')"

TIMES = ("timestamp", "created_at")

FILL = "INSERT INTO {table} ({columns}) VALUES ({places})"

MADE_UP_COLUMNS = {
    "reasoning_sessions": (
        *("session_id", "agent_name", "query", "final_output", "overall_confidence", "total_duration_ms"),
        *("timestamp", "metadata", "created_at"),
    ),
    "reasoning_stages": (
        *("session_id", "stage_name", "stage_order", "confidence", "duration_ms", "created_at"),
    ),
    "code_index": ("file_id", "file_path", "trust_tier"),
    "code_patterns": ("pattern_id", "code_snippet", "usage_count"),
    "sandbox_executions": ("execution_id", "status", "security_violations"),
}
"""Each row as the program concerned would write it."""
