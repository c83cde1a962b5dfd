"""Removing leads with everything that hangs on them."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import TYPE_CHECKING

import apsw

from valhalla.leads import sql

if TYPE_CHECKING:
    from db import Database


def remove_leads(database: Database, lead_ids: Sequence[int]) -> None:
    """Delete leads, their keys, sightings, history, outcomes and index entries; inside the caller's transaction.

    The caller has seen to it that nothing that is to stay refers to them.
    """
    if not lead_ids:
        return
    ids = array("q", lead_ids)
    database.sql(sql.KEEP_NUMBERS)
    database.many(sql.DROP_PHONE, database.sql(sql.PHONES_OF, (apsw.carray(ids),)))
    for text in sql.REMOVE_LEADS:
        database.sql(text, (apsw.carray(ids),))
