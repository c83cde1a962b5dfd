"""A file that one machine of several may write: who may, until when, stands in the file itself and is checked in each write transaction.

Each change of owner raises the *epoch*. A process remembers the one it opened the file with, so a write with an older epoch is refused
by the file, whoever asks. An owner that is cut off cannot renew its lease, and refuses its own writes from the moment it ends: before
the next owner may begin. A file without a lease belongs to this machine alone, and nothing is checked.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from contextvars import ContextVar
from typing import NamedTuple, cast

import apsw

from db import Database
from db.clock import iso
from db.errors import Fenced
from jobs import sql
from jobs.engine import Store

_taking: ContextVar[bool] = ContextVar("taking", default=False)


class Lease(NamedTuple):
    """What stands in the file."""

    epoch: int
    until: int
    """UTC microseconds."""


@contextlib.contextmanager
def taking_over() -> Iterator[None]:
    """Inside, this thread writes whatever the file says: for the one that has just been made its owner."""
    token = _taking.set(True)
    try:
        yield
    finally:
        _taking.reset(token)


def lease_of(database: Database) -> Lease | None:
    """The lease of a file; None: it has none."""
    return _read(database.connection())


def keep_lease(database: Database, lease: Lease) -> None:
    """Write the lease; inside :func:`taking_over`, or by the owner of the same epoch."""
    with database.write():
        database.sql(sql.KEEP_LEASE, (json.dumps(lease).encode(),))


def drop_lease(database: Database) -> None:
    """The file belongs to this machine alone from now on."""
    with database.write(durable=True):
        database.sql(sql.DROP_LEASE)


def note_applied(database: Store, job_id: int, epoch: int) -> bool:
    """Note in the caller's transaction that the effect of a job of the fleet is in this file. False: it was already there, so the
    caller leaves it out."""
    database.sql(sql.NOTE_APPLIED, (str(job_id), str(epoch).encode()))
    return bool(database.changes())


def fence_writes(database: Database) -> None:
    """Have each write of this process checked, where the file has a lease."""
    found = None if database.readonly else _read(database.connection())
    if found is None:
        return
    epoch = found.epoch

    def check(connection: apsw.Connection) -> None:
        if _taking.get():
            return
        lease = _read(connection)
        if lease is None:
            return
        if lease.epoch != epoch:
            raise Fenced(
                f"{database.path} has changed hands: its epoch is {lease.epoch}, and this process has {epoch}; nothing was written"
            )
        if database.clock() >= lease.until:
            raise Fenced(
                f"{database.path} belongs to a fleet, and this machine has not held it since {iso(lease.until)}; nothing was "
                "written; see: valhalla fleet list"
            )

    database.fence = check


def _read(connection: apsw.Connection) -> Lease | None:
    rows = connection.execute(sql.READ_LEASE).fetchall()
    return Lease(*json.loads(cast(bytes, rows[0][0]))) if rows else None
