"""The statements about runs and their cycles."""

from __future__ import annotations

from valhalla.intake.results import COUNTS

BEGIN_RUN = "INSERT INTO run (pid, version, settings, started_at) VALUES (?, ?, ?, ?) RETURNING id"
END_RUN = "UPDATE run SET stopped_at = ?, stop = ? WHERE id = ?"

BEGIN_CYCLE = "INSERT INTO cycle (run_id, number, started_at) VALUES (?, ?, ?) RETURNING id"
END_CYCLE = "UPDATE cycle SET finished_at = ?, ok = ?, files = ?, {} WHERE id = ?".format(
    ", ".join(f"{count} = ?" for count in COUNTS)
)

# Of the newest run only: a run that has just begun shows no cycle of the one before it.
LAST_CYCLE = f"""
SELECT number, started_at, finished_at, ok, {", ".join(COUNTS)} FROM cycle
WHERE run_id = (SELECT max(id) FROM run) AND finished_at IS NOT NULL ORDER BY id DESC LIMIT 1
"""
