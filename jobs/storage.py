"""Huey's SQLite storage, on the application's own connections; rows are claimed instead of deleted."""

from __future__ import annotations

import contextlib
import datetime
import threading
from collections.abc import Iterable, Iterator
from typing import Any, cast

from db.clock import SECOND
from jobs import sql
from jobs.engine import Claim, Engine, Request, in_order
from jobs.errors import BadRow
from jobs.huey import EmptyData, SqliteStorage
from jobs.notify import Bell
from jobs.serializer import from_json, payload_from_json, to_json


class JobStorage(SqliteStorage):  # type: ignore[misc]
    """All reading and writing goes through the engine's store: this thread's connection, its open transaction.

    What Huey calls through the storage interface works as Huey expects; the queue itself uses :meth:`claim`.
    """

    blocking = True  # a worker waits for the bell, not in Huey's polling pauses

    def __init__(self, name: str, engine: Engine) -> None:
        self.engine = engine
        self.database = engine.store
        self.bell = Bell()
        self.lanes: set[tuple[str, str]] = {(name, "")}
        """Where rows may wait; others are found by :meth:`find_lanes`."""
        self.limits: dict[tuple[str, str], int] = {}
        self.rates: dict[tuple[str, str], tuple[int, int]] = {}
        """Of lanes whose rate is limited: how many may begin in how many microseconds."""
        self.next_place: int | None = None
        """When a job that waits for its rate may begin, UTC microseconds."""
        self._lanes_mutex = threading.Lock()
        super().__init__(name, create_tables=False)

    # -- connection ----------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def db(self, commit: bool = False, close: bool = False) -> Iterator[Any]:
        """A cursor for the methods inherited from Huey; with ``commit`` inside a write transaction."""
        with self.database.write() if commit else contextlib.nullcontext():
            cursor = cast("Any", self.database).connection().cursor()
            try:
                yield cursor
            finally:
                cursor.close()

    def close(self) -> bool:
        """Close this thread's connection."""
        return bool(self.database.close())

    # -- claiming ------------------------------------------------------------------------------------------

    def add_lane(self, lane: tuple[str, str]) -> None:
        """Rows may wait in ``lane`` (queue, lane) from now on."""
        if lane not in self.lanes:
            with self._lanes_mutex:
                self.lanes = self.lanes | {lane}

    def find_lanes(self) -> set[tuple[str, str]]:
        """Find the lanes in which rows wait, remember new ones, and return them."""
        found = self.engine.find_lanes()
        for key in found - self.lanes:
            self.add_lane(key)
        return found

    def claim(self, limit: int, owner: int, lease: int, serves: frozenset[str] | None = None) -> list[Claim]:
        """Take up to ``limit`` rows of one lane for ``owner``, best first. Empty: nothing may run now.

        ``lease``: microseconds from now. ``serves``: the queues to take from (None: all). Call inside a write transaction.
        """
        return in_order(self.engine.claim(Request(self, limit, owner, lease, serves)))

    def choose(self, limit: int, owner: int, serves: frozenset[str] | None) -> tuple[str, str, int] | None:
        """The queue and lane whose head is best for ``owner`` now, and how many rows may be taken; None: nothing may run."""
        database = self.database
        best: tuple[int, int] | None = None
        self.next_place = None
        chosen: tuple[str, str, int] | None = None
        paused = {queue for (queue,) in database.sql(sql.PAUSED)}
        own = f"@{owner}"
        for key in self.lanes:
            queue, lane = key
            if (
                queue in paused
                or (serves is not None and queue not in serves)
                or (lane[:1] == "@" and lane != own)
            ):
                continue
            head = database.one(sql.HEAD_OF_LANE, key)
            if head is None or (best is not None and (-head[0], head[1]) >= best):
                continue
            allowed = self._room(key, limit)
            if allowed > 0:
                best, chosen = (-head[0], head[1]), (queue, lane, allowed)
        return chosen

    def _room(self, lane: tuple[str, str], limit: int) -> int:
        """How many rows of ``lane`` may be taken. Of a limited kind one at a time: claimed rows count as running."""
        most = 1 if lane[1][:1] == "!" else self.limits.get(lane)
        if lane in self.rates:
            if len(self._begun(lane)) >= self.rates[lane][0]:
                return 0
            if most is None:
                return 1
        if most is None:
            return limit
        running: int = self.database.value(sql.RUNNING_IN_LANE, lane)
        return 1 if running < most else 0

    def _begun(self, lane: tuple[str, str]) -> list[int]:
        """When the jobs of a lane began that count against its rate now, oldest first."""
        now, (most, span) = self.database.clock(), self.rates[lane]
        text = self.database.value(sql.BEGUN, (lane[0], f"rate:{lane[1]}"))
        # what lies ahead was noted before the clock was set back
        times = (
            []
            if text is None
            else [at for at in from_json(text.decode(), "a rate") if now - span < at <= now]
        )
        if len(times) >= most:
            free = times[-most] + span
            self.next_place = free if self.next_place is None else min(free, self.next_place)
        return times

    def note_begin(self, lane: tuple[str, str]) -> None:
        """One job of ``lane`` begins now."""
        times = to_json([*self._begun(lane), self.database.clock()], "a rate").encode()
        self.database.sql(sql.PUT, (lane[0], f"rate:{lane[1]}", times, None, None))

    def claim_one(self, job_id: int, owner: int, lease: int) -> Claim | None:
        """Take one row by its number; None if it is not waiting."""
        rows = self.database.sql(sql.CLAIM_ONE, (owner, self.database.clock() + lease, job_id))
        return Claim(rows[0]) if rows else None

    def hand_back(self, claims: Iterable[Claim]) -> None:
        """Return rows that were claimed but not begun. Call inside a write transaction."""
        self.database.many(sql.HAND_BACK, [(claim.id, claim.claims) for claim in claims])

    def anything_revoked(self) -> bool:
        """Whether any job or kind is revoked at all."""
        return bool(self.database.value(sql.ANY_REVOKED, (self.name,)))

    def event(
        self,
        job_id: int,
        event: str,
        claim: int | None = None,
        worker: int | None = None,
        reason: str | None = None,
        detail: str | None = None,
    ) -> None:
        """Record a change of state. Call inside the transaction that makes it."""
        self.database.sql(sql.EVENT, (job_id, self.database.clock(), event, claim, worker, reason, detail))

    # -- Huey's storage interface --------------------------------------------------------------------------

    def enqueue(self, data: bytes | str, priority: float | None = None) -> None:
        """A message as :meth:`JobQueue.serialize_task` writes it."""
        self._insert(data, int(priority or 0), None)

    def add_to_schedule(self, data: bytes | str, ts: datetime.datetime) -> None:
        """The same for later; a time without zone is UTC."""
        aware = ts if ts.tzinfo else ts.replace(tzinfo=datetime.UTC)
        self._insert(data, 0, int(aware.timestamp() * SECOND))

    def _insert(self, data: bytes | str, priority: int, due: int | None) -> None:
        body = payload_from_json(data.decode("utf-8") if isinstance(data, bytes) else data)
        name = body.pop("name", None)
        if not isinstance(name, str):
            raise BadRow("a message without the name of its handler")
        state, event = ("waiting", "enqueued") if due is None else ("scheduled", "scheduled")
        now = self.database.clock()
        row = (self.name, "", name, state, priority, to_json(body, "the message"), due, None, None, now)
        with self.database.write():
            self.engine.insert(row, event, now)
            self.database.after_commit(self.bell.ring)

    def dequeue(self) -> Any:
        """Not how jobs leave this queue: they are claimed, run and acknowledged by :class:`jobs.worker_thread.WorkerThread`."""
        raise NotImplementedError("jobs are claimed, not dequeued")

    def queue_size(self) -> int:
        """How many jobs wait."""
        return int(self.database.value(sql.WAITING_COUNT, (self.name,)))

    def enqueued_items(self, limit: int | None = None) -> list[str]:
        return self._messages("waiting", limit)

    def flush_queue(self) -> None:
        with self.database.write():
            self.database.sql(sql.FLUSH_WAITING, (self.name,))

    def read_schedule(self, ts: datetime.datetime) -> list[str]:
        """Move what is due to the queue; nothing passes through memory, so there is nothing to return."""
        aware = ts if ts.tzinfo else ts.replace(tzinfo=datetime.UTC)
        self.promote(int(aware.timestamp() * SECOND))
        return []

    def promote(self, now: int) -> int:
        """Move the rows that are due at ``now`` to the waiting ones; returns how many."""
        moved = self.engine.promote(now)
        if moved:
            self.database.after_commit(self.bell.ring_all)
        return moved

    def schedule_size(self) -> int:
        return int(self.database.value(sql.SCHEDULED_COUNT, (self.name,)))

    def scheduled_items(self, limit: int | None = None) -> list[str]:
        return self._messages("scheduled", limit)

    def flush_schedule(self) -> None:
        with self.database.write():
            self.database.sql(sql.FLUSH_SCHEDULED, (self.name,))

    def _messages(self, state: str, limit: int | None) -> list[str]:
        rows = self.database.sql(sql.PAYLOADS, (self.name, state, -1 if limit is None else limit))
        messages = []
        for name, payload in rows:
            with contextlib.suppress(BadRow):
                messages.append(to_json({**payload_from_json(payload), "name": name}, "a message"))
        return messages

    def put_data(self, key: str, value: bytes, is_result: bool = False) -> None:
        with self.database.write():
            self.database.sql(sql.PUT, (self.name, key, value, None, None))

    def put_if_empty(
        self, key: str, value: bytes, ttl: float | None = None, owner: int | None = None
    ) -> bool:
        """``ttl``: seconds after which the key is free again. ``owner``: the worker whose death frees it."""
        now = self.database.clock()
        with self.database.write():
            self.database.sql(sql.DROP_EXPIRED, (self.name, key, now))
            expires = None if ttl is None else now + int(ttl * SECOND)
            self.database.sql(sql.PUT_IF_EMPTY, (self.name, key, value, owner, expires))
            return self.database.changes() == 1

    def peek_data(self, key: str) -> Any:
        value = self.database.value(sql.PEEK, (self.name, key, self.database.clock()))
        return EmptyData if value is None else value

    def peek_many(self, keys: Iterable[str]) -> dict[str, bytes]:
        found = {key: self.peek_data(key) for key in keys}
        return {key: value for key, value in found.items() if value is not EmptyData}

    def pop_data(self, key: str) -> Any:
        with self.database.write():
            value = self.peek_data(key)
            if value is not EmptyData:
                self.database.sql(sql.DROP, (self.name, key))
            return value

    def has_data_for_key(self, key: str) -> bool:
        return self.peek_data(key) is not EmptyData

    def incr(self, key: str, amount: int = 1) -> int:
        with self.database.write():
            return int(self.database.value(sql.ADD_TO_COUNTER, (self.name, key, amount)))

    def delete_counter(self, key: str) -> None:
        with self.database.write():
            self.database.sql(sql.DROP_COUNTER, (self.name, key))

    def result_store_size(self) -> int:
        return int(self.database.value(sql.COUNT_ITEMS, (self.name,)))

    def result_items(self) -> dict[str, bytes]:
        return dict(self.database.sql(sql.ITEMS, (self.name,)))

    def flush_results(self) -> None:
        with self.database.write():
            self.database.sql(sql.FLUSH_KV, (self.name,))

    def flush_counters(self) -> None:
        with self.database.write():
            self.database.sql(sql.FLUSH_COUNTERS, (self.name,))
