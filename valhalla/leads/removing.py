"""Removing leads with everything that hangs on them."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import TYPE_CHECKING

import apsw

if TYPE_CHECKING:
    from db import Database

# Numbers are not given out twice, see NEXT_LEAD_ID of the importer.
KEEP_NUMBERS = """
UPDATE lead_generation SET last_id = max(last_id, coalesce((SELECT max(id) FROM lead), 0)) WHERE id = 1
"""
PARTS = (
    "DELETE FROM lead_search WHERE rowid IN (SELECT value FROM carray(?))",
    "DELETE FROM lead_phone WHERE lead_id IN (SELECT value FROM carray(?))",
    "DELETE FROM lead_key WHERE lead_id IN (SELECT value FROM carray(?))",
    "DELETE FROM overtaken WHERE lead_id IN (SELECT value FROM carray(?))",
    "DELETE FROM sighting WHERE lead_id IN (SELECT value FROM carray(?))",
    "DELETE FROM lead_history WHERE lead_id IN (SELECT value FROM carray(?))",
    "DELETE FROM lead_change WHERE lead_id IN (SELECT value FROM carray(?))",
    "DELETE FROM duplicate WHERE lead_id IN (SELECT value FROM carray(?1)) OR other_id IN (SELECT value FROM carray(?1))",
    "DELETE FROM packet WHERE lead_id IN (SELECT value FROM carray(?))",
    "DELETE FROM outcome WHERE lead_id IN (SELECT value FROM carray(?))",
    "DELETE FROM lead WHERE id IN (SELECT value FROM carray(?))",
)


def remove_leads(database: Database, lead_ids: Sequence[int]) -> None:
    """Delete leads, their keys, sightings, history, outcomes and index entries; inside the caller's transaction.

    The caller has seen to it that nothing that is to stay refers to them.
    """
    if not lead_ids:
        return
    ids = array("q", lead_ids)
    database.sql(KEEP_NUMBERS)
    for text in PARTS:
        database.sql(text, (apsw.carray(ids),))
