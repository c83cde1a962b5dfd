"""The statements about packets."""

from __future__ import annotations

LATEST = "SELECT id, status, body, policy_version, created_at FROM packet WHERE lead_id = ? ORDER BY id DESC LIMIT 1"
ADD = "INSERT INTO packet (lead_id, status, body, policy_version, created_at) VALUES (?, ?, ?, ?, ?) RETURNING id"
HAS_PACKETS = "SELECT 1 FROM packet LIMIT 1"

# Leads with a packet that were decided on or changed after it was made.
OUTDATED = """
SELECT l.id FROM (SELECT lead_id, max(created_at) AS made FROM packet GROUP BY lead_id) AS p
JOIN lead AS l ON l.id = p.lead_id WHERE max(l.updated_at, l.decided_at) > p.made ORDER BY l.id LIMIT ?
"""
SCRIPT_BODY = "SELECT body FROM script WHERE id = ?"
IMPORT_PATH = "SELECT path FROM import WHERE id = ?"
