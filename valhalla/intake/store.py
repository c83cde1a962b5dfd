"""Storing what was planned for the chunks of a list, several of them in one transaction."""

from __future__ import annotations

import hashlib
import json
import time
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import apsw

from db import sealing
from db.waiting import give_way
from valhalla.intake import sql
from valhalla.intake.new_keys import NewKeys
from valhalla.intake.plan import Plan, Reading, new_leads
from valhalla.leads import sql as leads_sql
from valhalla.leads.generation import touched

if TYPE_CHECKING:
    from db import Database
    from valhalla.intake.reading import Chunk
    from valhalla.scoring.stages import Context

NOTED_ROWS = 5_000
"""From so many changed, added or refused rows on they are witnessed at once, not all at the end of the transaction: until
then SQLite keeps what they were, and then all of them are read again together."""
NOTED_SIZE = 8 << 20
"""The same for their characters: a few bytes of a workbook can mean rows of a megabyte."""


class Transaction:
    """A write transaction that is open from chunk to chunk."""

    def __init__(self, database: Database) -> None:
        self.rows = 0
        self.keys: NewKeys | None = None
        """Those of the leads that it stored."""
        self.ended = False
        self._noted = self._noted_size = 0
        self._database = database
        self._write = database.write()
        self._write.__enter__()
        self._began = time.perf_counter()

    @contextmanager
    def part(self) -> Iterator[None]:
        """What must not fail: when it does, everything that was not committed is undone."""
        try:
            yield
        except BaseException as error:
            self.ended = True
            self._write.__exit__(type(error), error, error.__traceback__)
            raise

    def add(self, chunk: Chunk, plan: Plan) -> None:
        """Remember what was stored; inside of :meth:`part`."""
        self.rows += chunk.records
        if plan.leads or plan.keys:
            self.keys = self.keys or NewKeys(self._database)
            self.keys.add_identities(plan.first, plan.identities())
            self.keys.add(sorted(plan.keys))
        noted = plan.noted() + len(chunk.rejected) + len(chunk.fixes)
        self._noted += noted
        self._noted_size += chunk.size * min(noted, chunk.records) // max(chunk.records, 1)
        if self._noted >= NOTED_ROWS or self._noted_size >= NOTED_SIZE:
            self._noted = self._noted_size = 0
            sealing.seal(self._database)

    def commit(self) -> float:
        """End it. How long it was open, in seconds."""
        if self.keys is not None:
            with self.part():
                self.keys.store()
        self.ended = True
        self._write.__exit__(None, None, None)
        return time.perf_counter() - self._began


def store_plan(database: Database, chunk: Chunk, plan: Plan, reading: Reading, context: Context) -> None:
    """Store what was planned for a few rows, with its keys; inside the caller's transaction."""
    write_plan(database, chunk, plan, reading, context)
    new = [(identity, lead, 0) for lead, identity in enumerate(plan.identities(), plan.first)]
    database.many(sql.ADD_KEY, sorted([*new, *plan.keys]))


def write_plan(database: Database, chunk: Chunk, plan: Plan, reading: Reading, context: Context) -> None:
    """Store what was planned for a chunk, and its rejects; inside the caller's transaction, who sees to it that the keys
    are stored too."""
    now = database.clock()
    if plan.moves_leads():
        touched(database)
    if plan.leads:
        new_leads(database, reading, context).insert(database, plan.leads, plan.witnesses)
    for text, rows in (
        (sql.UPDATE_LEAD, plan.updates),
        (sql.ADD_HISTORY, plan.history),
        (sql.PUT_SIGHTING, plan.sightings),
        (leads_sql.ADD_OVERTAKEN, plan.overtaken),
        (sql.ADD_CHANGE, plan.changes),
    ):
        if rows:
            give_way()
            database.many(text, rows)
    if plan.seen:
        database.sql(sql.ADD_SEEN, (reading.import_id, apsw.carray(array("q", sorted(plan.seen)))))
    if chunk.rejected:
        database.many(
            sql.ADD_REJECT,
            (
                (
                    reading.import_id,
                    reading.file_id,
                    r.line,
                    r.column,
                    r.code,
                    r.message,
                    r.value,
                    r.raw,
                    now,
                )
                for r in chunk.rejected
            ),
        )
    if chunk.fixes:
        refused = {r.line for r in chunk.rejected}
        states = ((line in refused, number) for line, number in chunk.fixes.items())
        database.many(
            sql.CLOSE_REJECT,
            [("superseded" if again else "fixed", reading.import_id, number) for again, number in states],
        )


def supersede_rejects(database: Database, file_id: int) -> None:
    """Close what earlier readings of a list refused: this one says itself what it refuses. There may be millions."""
    while True:
        database.sql(sql.SUPERSEDE_REJECTS, (file_id, NOTED_ROWS))
        if database.changes() < NOTED_ROWS:
            return
        sealing.seal(database)


def header_id(database: Database, names: list[str]) -> int:
    """The id of this list of extra column names, stored once however many leads carry it."""
    text = json.dumps(names, ensure_ascii=False)
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    found: int | None = database.value(sql.FIND_HEADER, (digest,))
    return found if found is not None else int(database.value(sql.ADD_HEADER, (digest, text)))
