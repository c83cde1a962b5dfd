"""The statements of a re-evaluation."""

from __future__ import annotations

from valhalla.leads.sql import STORED
from valhalla.stages import Decision

# What leads were decided by; few different ones, however many leads.
GROUPS = "SELECT policy_version, snapshot_id, count(*) FROM lead GROUP BY policy_version, snapshot_id"
PLACES = """
SELECT source, market, state, count(*) FROM lead WHERE policy_version = ? AND snapshot_id = ? GROUP BY source, market, state
"""

# In order of their numbers, so that a batch is one stretch of the table.
BATCH = f"""
SELECT {", ".join(STORED)} FROM lead
WHERE id > ? AND (policy_version <> ? OR snapshot_id <> ?) ORDER BY id LIMIT ?
"""

DECIDE = "UPDATE lead SET {} WHERE id = ?".format(", ".join(f"{column} = ?" for column in Decision._fields))
GENERATION = "SELECT value FROM lead_generation WHERE id = 1"
