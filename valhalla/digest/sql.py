"""What the digest reads."""

from __future__ import annotations

IMPORTS = """
SELECT s.name, count(DISTINCT i.file_id), sum(i.rows), sum(i.new), sum(i.updated), sum(i.unchanged), sum(i.duplicate), sum(i.rejected)
FROM import AS i JOIN source AS s ON s.id = i.source_id
WHERE i.started_at >= ? AND i.state <> 'undone' AND i.rows > 0 GROUP BY s.name ORDER BY sum(i.rows) DESC, s.name
"""
FAILED = """
SELECT path, error_message FROM import WHERE started_at >= ? AND state = 'failed' AND error_message IS NOT NULL ORDER BY id DESC LIMIT 5
"""
REJECTS = """
SELECT r.code, count(*), min(r.id) FROM reject AS r JOIN import AS i ON i.id = r.import_id
WHERE i.started_at >= ? AND r.state = 'open' GROUP BY r.code ORDER BY count(*) DESC, r.code LIMIT 6
"""
EXAMPLE = (
    "SELECT i.path, r.line, r.message FROM reject AS r JOIN import AS i ON i.id = r.import_id WHERE r.id = ?"
)
OUTCOMES = "SELECT event, count(*), sum(amount) FROM outcome WHERE recorded_at >= ? AND undone_at IS NULL GROUP BY event"
EXPERIMENTS = "SELECT name FROM experiment WHERE state = 'running' OR stopped_at >= ?1 OR started_at >= ?1 ORDER BY state <> 'running', id"
POLICY = (
    "SELECT version, created_by, reason FROM policy WHERE created_at >= ? AND version > 1 ORDER BY version"
)
ALERTS = """
SELECT severity, task, reason, seen, last_at FROM alert WHERE state = 'open'
ORDER BY CASE severity WHEN 'critical' THEN 0 WHEN 'error' THEN 1 WHEN 'warning' THEN 2 ELSE 3 END, last_at DESC LIMIT 10
"""
OPEN_ALERTS = "SELECT count(*) FROM alert WHERE state = 'open'"
RUNS = "SELECT count(*), sum(ok = 0) FROM cycle WHERE started_at >= ? AND finished_at IS NOT NULL"
