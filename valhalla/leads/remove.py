"""Removing leads with everything that hangs on them."""

from __future__ import annotations

import contextlib
from array import array
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import apsw

from db import sealing
from db.among import among
from valhalla.leads import sql
from valhalla.leads.details import decoded
from valhalla.leads.search import indexed

if TYPE_CHECKING:
    from db import Database


def remove_leads(database: Database, lead_ids: Sequence[int]) -> None:
    """Delete leads, their keys, sightings, history, outcomes and index entries; inside the caller's transaction, which does not check
    references.

    The caller has seen to it that nothing that is to stay refers to them.
    """
    if not lead_ids:
        return
    ids = array("q", sorted({*lead_ids}))
    words, given = among(ids)
    database.sql(sql.KEEP_NUMBERS)
    with database.recorder().off():  # none of these tables is evidence
        if ids[0] <= indexed(database).lead:
            database.many(sql.DROP_PHONE, sorted(_phones(database, ids)))
            database.sql(sql.REMOVE_WORDS, (apsw.carray(ids),))
        database.sql(sql.REMOVE_KEYS.format(words), given)
    for table, column in sql.HANGS_ON_LEADS.items():
        if database.one(sql.HANGS_BETWEEN.format(table, column), (ids[0], ids[-1])):
            working = table.split()[0] not in database.schema.tables
            with database.recorder().off() if working else contextlib.nullcontext():
                database.sql(sql.REMOVE_HANGING.format(table, column, words), given)
    sealing.remove(database, "lead", ids)


def _phones(database: Database, ids: array[int]) -> Iterator[tuple[int, int]]:
    for text in (sql.NUMBERS_NOW, sql.NUMBERS_BEFORE):
        for lead, phone, more in database.each(text, (apsw.carray(ids),)):
            if phone is not None:
                yield phone, lead
            for each in decoded(more).get("phones", ()):
                if (key := each.get("key")) is not None and key != phone:
                    yield key, lead
