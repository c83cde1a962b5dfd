"""Removing leads with everything that hangs on them."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import TYPE_CHECKING

import apsw

from valhalla.leads.search import DROP_PHONE

if TYPE_CHECKING:
    from db import Database

# Numbers are not given out twice, see NEXT_LEAD_ID of the importer.
KEEP_NUMBERS = """
UPDATE lead_generation SET last_id = max(last_id, coalesce((SELECT max(id) FROM lead), 0)) WHERE id = 1
"""
# The index of phones knows a lead by the number that it has, or that it had when the index last looked.
PHONES = """
SELECT phone_key, id FROM lead WHERE id IN (SELECT value FROM carray(?1)) AND phone_key IS NOT NULL
UNION SELECT before ->> 'phone_key', lead_id FROM lead_history
WHERE lead_id IN (SELECT value FROM carray(?1)) AND before ->> 'phone_key' IS NOT NULL ORDER BY 1
"""
# Nothing here may read a table from its beginning to its end: this is done a few hundred leads at a time.
PARTS = (
    "DELETE FROM lead_search WHERE rowid IN (SELECT value FROM carray(?))",
    """DELETE FROM lead_key WHERE key IN (SELECT identity FROM lead WHERE id IN (SELECT value FROM carray(?1)))
    AND lead_id IN (SELECT value FROM carray(?1))""",
    "DELETE FROM lead_key INDEXED BY lead_key_learnt WHERE lead_id IN (SELECT value FROM carray(?)) AND learnt = 1",
    "DELETE FROM overtaken WHERE lead_id IN (SELECT value FROM carray(?))",
    "DELETE FROM sighting WHERE lead_id IN (SELECT value FROM carray(?))",
    "DELETE FROM lead_history WHERE lead_id IN (SELECT value FROM carray(?))",
    "DELETE FROM lead_change WHERE lead_id IN (SELECT value FROM carray(?))",
    "DELETE FROM duplicate WHERE lead_id IN (SELECT value FROM carray(?))",
    "DELETE FROM duplicate WHERE other_id IN (SELECT value FROM carray(?))",
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
    database.many(DROP_PHONE, database.sql(PHONES, (apsw.carray(ids),)))
    for text in PARTS:
        database.sql(text, (apsw.carray(ids),))
