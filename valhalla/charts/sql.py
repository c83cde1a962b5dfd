"""The counts behind the charts."""

from __future__ import annotations

READ = "SELECT coalesce(sum(rows), 0), coalesce(sum(rows - rejected), 0) FROM import WHERE state <> 'undone' AND started_at >= ?"
LEADS = "SELECT count(*) FROM lead WHERE created_at >= ?"
ALL_LEADS = "SELECT count(*) FROM lead"

# Leads by how far recorded outcomes took them; a step includes those that went further.
REACHED = """
SELECT count(*), coalesce(sum(reached >= 2), 0), coalesce(sum(reached >= 3), 0), coalesce(sum(reached >= 4), 0)
FROM (SELECT max(CASE event WHEN 'won' THEN 4 WHEN 'contract' THEN 3 WHEN 'appointment' THEN 2 ELSE 1 END) AS reached
      FROM outcome WHERE undone_at IS NULL AND event <> 'paused' AND at >= ? GROUP BY lead_id)
"""
SCORES = """
SELECT min(score / 10, 9), count(*) FROM lead
WHERE suppressed IS NULL AND status NOT IN ('won', 'lost', 'dead', 'opted_out') GROUP BY 1
"""
