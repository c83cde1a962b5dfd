"""The keys that a transaction gives to leads, until they go into the index of keys together.

A key is random, so wherever a step of an import writes keys it writes most pages of the index; written together, in the order
of the index, those of a transaction write each page once.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import TYPE_CHECKING

import apsw

from db.waiting import give_way, in_steps
from valhalla.intake import sql

if TYPE_CHECKING:
    from db import Database

Key = tuple[int, int, int]
"""Key, number of the lead, and whether it was learnt: whether it is another than the identity that the lead was made with."""

STEP = 1_000
"""About so many keys are moved in one statement: until it ends SQLite keeps a copy of each page that it changes in memory, which
for all of them would be most of the index."""

_LEAST, _BEYOND = -(2**63), 2**63


class NewKeys:
    """Those of one write transaction. They stand in a temporary table, and go when the transaction is undone."""

    def __init__(self, database: Database) -> None:
        """In a write transaction of this thread's connection."""
        self._database = database
        database.sql(sql.MAKE_NEW_KEYS)

    def add_identities(self, first: int, identities: Sequence[int]) -> None:
        """Take in what new leads were made with, of which the first has the number ``first`` and each other the next."""
        done = 0
        for part in in_steps(identities, STEP):
            self._database.sql(sql.ADD_IDENTITIES, (apsw.carray(array("q", part)), first + done - 1))
            done += len(part)

    def add(self, keys: Iterable[Key]) -> None:
        """Take these in; one that is there already stays as it is."""
        them = iter(keys)
        while part := [*islice(them, STEP)]:
            give_way()
            self._database.many(sql.ADD_NEW_KEY, part)

    def find(self, keys: array[int]) -> list[tuple[int, int]]:
        """(key, lead) of those among ``keys`` that are new."""
        return self._database.sql(sql.FIND_NEW_KEYS, (apsw.carray(keys),))

    def store(self) -> None:
        """Put them into the index, and forget them. Keys are hashes, so equal parts of their range hold about as many."""
        database = self._database
        parts = -(-database.value(sql.COUNT_NEW_KEYS) // STEP)
        for part in range(parts):
            give_way()
            first, behind = (_LEAST + (_BEYOND - _LEAST) * each // parts for each in (part, part + 1))
            database.sql(sql.STORE_NEW_KEYS, (first, behind - 1))
        database.sql(sql.CLEAR_NEW_KEYS)
