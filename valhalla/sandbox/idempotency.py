"""Block 6, idempotency: what has a key is done once.

Promises: of all callers of :meth:`IdempotencyManager.process_idempotent` with one key, in all threads and processes, one
runs the function and the others get its result. A function that raises leaves no result: the next caller runs it. A
process that dies while it runs one leaves its reservation behind; the operating system shows that it is dead, and the
next caller runs it. (An effect is different: see :mod:`valhalla.effects`, where a dead owner's key becomes *uncertain*.)
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from jobs import Bell, WorkerRegistration, worker_is_dead
from valhalla.sandbox import sql
from valhalla.sandbox.block import Block, microseconds
from valhalla.sandbox.errors import NestedKey, ResultElsewhere
from valhalla.sandbox.postgres_state import Owner, PostgresState

if TYPE_CHECKING:
    from db import Database
    from valhalla.sandbox.database import SandboxDatabaseManager


POLL = 0.01
"""Seconds between two looks at a key that another process holds."""

NOBODY = -1


def count_keys(database: Database, most: int = 1_000) -> int:
    """How many keys are kept, counted up to ``most``."""
    return int(database.value(sql.COUNT_KEYS_TO, (most,)))


class Key(NamedTuple):
    """A row of table idempotency_key; ``expires`` in UTC microseconds."""

    state: str
    owner: int
    result: str | None
    expires: int | None


class IdempotencyManager(Block):
    """Keys with their results. ``ttl_seconds``: how long a result is kept (a fraction may be; None: for good)."""

    def __init__(
        self,
        ttl_seconds: float | None = 3600,
        *,
        database: Database | SandboxDatabaseManager | None = None,
    ) -> None:
        super().__init__(database)
        self._ttl = None if ttl_seconds is None else microseconds(ttl_seconds, "ttl_seconds")
        self._bell = Bell()
        self._mutex = threading.Lock()
        self._owner: WorkerRegistration | Owner | None = None
        self._originals: dict[str, tuple[int | None, Any]] = {}
        """Results that JSON does not give back as they were, with the end of their time."""
        self._mine = threading.local()

    # -- for everybody -------------------------------------------------------------------------------------

    def process_idempotent(self, key: str, func: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """The result of ``func(*args, **kwargs)``, run once for ``key``; others wait for it.

        Raises what ``func`` raises; :class:`ResultElsewhere` when another process ran it with a result that is no JSON;
        :class:`NestedKey` when ``func`` asks for its own key.
        """
        if self.database.in_write():
            raise RuntimeError(
                "a transaction must not wait for a key: its owner could never write the result"
            )
        running: set[str] = self._mine.__dict__.setdefault("keys", set())
        while True:
            heard = self._bell.rings
            known, value = self._look(key)
            if known:
                return value
            if key in running:
                raise NestedKey(f"the function that runs under key {key!r} asked for the same key")
            if self.reserve(key):
                break
            self._bell.wait(heard, POLL)
        running.add(key)
        try:
            value = func(*args, **kwargs)
        except BaseException:
            self.release(key)
            raise
        finally:
            running.discard(key)
        self.finish(key, value)
        return value

    def is_duplicate(self, key: str) -> bool:
        """Whether ``key`` has a result, or somebody alive is getting it."""
        row = self._read(key)
        if row is None:
            return False
        if row.state == "done":
            return row.expires is None or row.expires > self.database.clock()
        return not self._is_dead(row.owner)

    def get_cached_result(self, key: str) -> Any:
        """The result of ``key``; None when there is none (or it is None). Raises :class:`ResultElsewhere`."""
        return self._look(key)[1]

    def clear_expired(self) -> int:
        """Forget results that have outlived their time; returns how many."""
        with self.database.write():
            self.database.sql(sql.CLEAR_EXPIRED_KEYS, (self.database.clock(),))
            cleared = self.database.changes()
        for key in list(self._originals):
            if self._read(key) is None:
                self._originals.pop(key, None)
        return cleared

    def count(self) -> int:
        """How many keys have a result."""
        return int(self.database.value(sql.COUNT_KEYS, (self.database.clock(),)))

    # -- for those who must record the end themselves ------------------------------------------------------

    def reserve(self, key: str, *, durable: bool = False, take_over: bool = True) -> bool:
        """Take ``key`` for this process. False: it has a result, or its owner lives (or, without ``take_over``, is dead)."""
        database = self.database
        me = self._me  # asked for outside of the transaction: the first time it writes
        dead = NOBODY
        row = self._read(key)
        if row is not None and row.state == "reserved":
            if row.owner == me or not take_over or not self._is_dead(row.owner):
                return False
            dead = row.owner
        with database.write(durable=durable):
            database.sql(sql.RESERVE_KEY, (key, me, database.clock(), dead))
            return database.changes() == 1

    def finish(self, key: str, result: Any = None, *, durable: bool = False) -> None:
        """Note the result of a key that this process reserved, and wake those who wait."""
        text, exact = _as_json(result)
        expires = None if self._ttl is None else self.database.clock() + self._ttl
        if not exact:
            self._originals[key] = (expires, result)
        me = self._me
        with self.database.write(durable=durable):
            self.database.sql(sql.FINISH_KEY, (text, expires, key, me))
            self.database.after_commit(self._bell.ring_all)

    def release(self, key: str, *, durable: bool = False) -> None:
        """Give a reserved key back without a result."""
        me = self._me
        with self.database.write(durable=durable):
            self.database.sql(sql.RELEASE_KEY, (key, me))
            self.database.after_commit(self._bell.ring_all)

    def close(self) -> None:
        """Stop being an owner of keys; what is still reserved is free for others."""
        with self._mutex:
            owner, self._owner = self._owner, None
        if owner is not None:
            owner.close()

    # -- inside --------------------------------------------------------------------------------------------

    @property
    def owner_id(self) -> int:
        """This process's number in table worker, under which it reserves keys."""
        return self._me

    @property
    def _me(self) -> int:
        """This process's number in table worker; its lock shows other processes whether it lives."""
        if self._owner is None:
            with self._mutex:
                if self._owner is None:
                    state: object = self.database
                    self._owner = (
                        state.register()
                        if isinstance(state, PostgresState)
                        else WorkerRegistration(self.database, "idempotency")
                    )
        return self._owner.id

    def _is_dead(self, owner: int) -> bool:
        """Whether the process that holds a key lives no longer, wherever it ran."""
        state: object = self.database
        return (
            state.is_dead(owner) if isinstance(state, PostgresState) else worker_is_dead(self.database, owner)
        )

    def _look(self, key: str) -> tuple[bool, Any]:
        """Whether ``key`` has a result that is still good, and that result."""
        row = self._read(key)
        if row is None or row.state != "done":
            return False, None
        if row.expires is not None and row.expires <= self.database.clock():
            return False, None
        original = self._originals.get(key)
        if original is not None and original[0] == row.expires:
            return True, original[1]
        if row.result is None:
            raise ResultElsewhere(
                f"key {key!r} was executed by another process, and its result, which JSON cannot hold, stayed there"
            )
        return True, json.loads(row.result)

    def _read(self, key: str) -> Key | None:
        row = self.database.one(sql.READ_KEY, (key,))
        return None if row is None else Key(*row)


def free(database: Database, key: str) -> None:
    """Give back a reserved key, whichever process holds it; inside the caller's transaction. A result stays."""
    database.sql(sql.FREE_KEY, (key,))


def _as_json(value: Any) -> tuple[str | None, bool]:
    """``value`` as JSON text (None: impossible), and whether reading it back gives the same."""
    try:
        text = json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return None, False
    try:
        return text, bool(json.loads(text) == value and type(value) is type(json.loads(text)))
    except Exception:  # a comparison may raise whatever the value's class likes
        return text, False
