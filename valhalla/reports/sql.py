"""The statements about packets."""

from __future__ import annotations

LATEST = "SELECT id, body, created_at FROM packet WHERE lead_id = ? ORDER BY id DESC LIMIT 1"
ADD = "INSERT INTO packet (lead_id, status, body, policy_version, created_at) VALUES (?, ?, ?, ?, ?) RETURNING id"

# Leads with a packet that were decided on or changed after it was made.
OUTDATED = """
SELECT l.id FROM (SELECT lead_id, max(created_at) AS made FROM packet GROUP BY lead_id) AS p
JOIN lead AS l ON l.id = p.lead_id WHERE max(l.updated_at, l.decided_at) > p.made ORDER BY l.id LIMIT ?
"""
SCRIPT_BODY = "SELECT body FROM script WHERE id = ?"
IMPORT_PATH = "SELECT path FROM import WHERE id = ?"


# -- What the digest reads -------------------------------------------------------------------------

DIGEST_IMPORTS = """
SELECT s.name, count(DISTINCT i.file_id), sum(i.rows), sum(i.new), sum(i.updated), sum(i.unchanged), sum(i.duplicate), sum(i.rejected)
FROM import AS i JOIN source AS s ON s.id = i.source_id
WHERE i.started_at >= ? AND i.state <> 'undone' AND i.rows > 0 GROUP BY s.name ORDER BY sum(i.rows) DESC, s.name
"""
DIGEST_FAILED = """
SELECT path, error_message FROM import WHERE started_at >= ? AND state = 'failed' AND error_message IS NOT NULL ORDER BY id DESC LIMIT 5
"""
DIGEST_REJECTS = """
SELECT r.code, count(*), min(r.id) FROM reject AS r JOIN import AS i ON i.id = r.import_id
WHERE i.started_at >= ? AND r.state = 'open' GROUP BY r.code ORDER BY count(*) DESC, r.code LIMIT 6
"""
DIGEST_EXAMPLE = (
    "SELECT i.path, r.line, r.message FROM reject AS r JOIN import AS i ON i.id = r.import_id WHERE r.id = ?"
)
DIGEST_OUTCOMES = "SELECT event, count(*), sum(amount) FROM outcome WHERE recorded_at >= ? AND undone_at IS NULL GROUP BY event"
DIGEST_EXPERIMENTS = "SELECT name FROM experiment WHERE state = 'running' OR stopped_at >= ?1 OR started_at >= ?1 ORDER BY state <> 'running', id"
DIGEST_POLICY = (
    "SELECT version, created_by, reason FROM policy WHERE created_at >= ? AND version > 1 ORDER BY version"
)
DIGEST_ALERTS = """
SELECT severity, task, reason, seen, last_at FROM alert WHERE state = 'open'
ORDER BY CASE severity WHEN 'critical' THEN 0 WHEN 'error' THEN 1 WHEN 'warning' THEN 2 ELSE 3 END, last_at DESC LIMIT 10
"""
DIGEST_OPEN_ALERTS = "SELECT count(*) FROM alert WHERE state = 'open'"
DIGEST_RUNS = (
    "SELECT count(*), coalesce(sum(ok = 0), 0) FROM cycle WHERE started_at >= ? AND finished_at IS NOT NULL"
)


# -- The counts behind the charts ------------------------------------------------------------------

CHART_READ = "SELECT coalesce(sum(rows), 0), coalesce(sum(rows - rejected), 0) FROM import WHERE state <> 'undone' AND started_at >= ?"
CHART_LEADS = "SELECT count(*) FROM lead WHERE created_at >= ?"
CHART_ALL_LEADS = "SELECT count(*) FROM lead"

# Leads by how far recorded outcomes took them; a step includes those that went further.
CHART_REACHED = """
SELECT count(*), coalesce(sum(reached >= 2), 0), coalesce(sum(reached >= 3), 0), coalesce(sum(reached >= 4), 0)
FROM (SELECT max(CASE event WHEN 'won' THEN 4 WHEN 'contract' THEN 3 WHEN 'appointment' THEN 2 ELSE 1 END) AS reached
      FROM outcome WHERE undone_at IS NULL AND event <> 'paused' AND at >= ? GROUP BY lead_id)
"""
CHART_SCORES = """
SELECT min(score / 10, 9), count(*) FROM lead
WHERE suppressed IS NULL AND status NOT IN ('won', 'lost', 'dead', 'opted_out') GROUP BY 1
"""
