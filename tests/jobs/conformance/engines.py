"""What the conformance suite asks of a queue, for ours and for stock Huey.

An engine that has no such thing raises :class:`NotOffered`; that counts as not passed.
"""

from __future__ import annotations

import datetime
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol


class NotOffered(Exception):
    """The engine has no such feature."""


class Engine(Protocol):
    """A queue whose handlers can be declared again after a restart."""

    def task(self, name: str, **options: Any) -> Callable[[Callable[..., Any]], Any]: ...
    def put(self, job: Any, **options: Any) -> Any: ...
    def run(self) -> None:
        """Run what may run now, in this thread."""

    def advance(self, seconds: float) -> None:
        """Let time pass."""

    def take_and_die(self) -> None:
        """A worker takes the next job, begins it, and its process dies."""

    def restart(self) -> None:
        """A new process on the same file; its handlers are to be declared again."""

    def waiting(self) -> int: ...
    def close(self) -> None: ...


class Ours:
    """Valhalla's queue, on a file or in memory."""

    def __init__(self, folder: Path | None) -> None:
        from db import Database

        self._begin(Database.open(folder / "queue.db") if folder else Database.memory(), "TEXT) STRICT")

    def _begin(self, database: Any, text: str) -> None:
        from jobs.testing import Bench

        self._bench_class = Bench
        self.database = database
        with self.database.write():
            self.database.sql(f"CREATE TABLE footprint (number INTEGER PRIMARY KEY, what {text}")
        self.bench = Bench(self.database)

    @property
    def queue(self) -> Any:
        return self.bench.queue

    def task(self, name: str, **options: Any) -> Callable[[Callable[..., Any]], Any]:
        return self.queue.task(name=name, **options)

    def put(self, job: Any, **options: Any) -> Any:
        return self.queue.enqueue(job, **options)

    def run(self) -> None:
        self.bench.run()

    def advance(self, seconds: float) -> None:
        self.bench.advance(seconds)

    def _claim(self) -> Any:
        from jobs.worker_thread import WorkerThread

        thread = WorkerThread(self.queue, threading.Event())
        claims, started = thread._claim()
        with self.database.write():
            for claim in claims:
                if started is None or claim is not started.claim:
                    thread._start(thread._attempt(claim))
        return claims[0] if claims else None

    def take_and_die(self) -> None:
        assert self._claim() is not None
        self.die()

    def die(self) -> None:
        """What the operating system does for a process that is killed."""
        self.queue.owner.release_lock()
        self.queue._owner = None

    def take_schedule_and_die(self) -> None:
        """The due jobs are on their way from the schedule to the queue when the process dies."""
        with self.database.write():
            pass
        self.die_quietly()

    def die_quietly(self) -> None:
        if self.queue._owner is not None:
            self.die()

    def restart(self) -> None:
        clock = self.bench.clock
        self.die_quietly()
        self.bench = self._bench_class(self.database)
        self.bench.clock.at = clock.at

    def waiting(self) -> int:
        return int(self.queue.storage.queue_size())

    def scheduled(self) -> int:
        return int(self.queue.storage.schedule_size())

    def effect(self, what: str) -> None:
        """Something a job writes into the same file."""
        with self.database.write():
            self.database.sql("INSERT INTO footprint (what) VALUES (?)", (what,))

    def effects(self) -> list[str]:
        return [what for (what,) in self.database.sql("SELECT what FROM footprint ORDER BY number")]

    def stored(self) -> list[bytes]:
        return [payload.encode() for (payload,) in self.database.sql("SELECT payload FROM task")]

    def kept_failures(self) -> list[str]:
        from jobs import admin

        return [str(job.error) for job in admin.find_jobs(self.database, state="dead")]

    def result(self, job: Any) -> Any:
        return self.queue.state(job).result

    def revoke(self, task: Any) -> None:
        self.queue.revoke_all(task)

    def pause(self) -> None:
        from jobs import admin

        admin.pause_queue(self.database, self.queue.name)

    def every(self, seconds: int, name: str) -> Callable[[Callable[..., Any]], Any]:
        return self.queue.every(seconds, name)

    def transaction(self) -> Any:
        return self.database.write()

    def lock(self, name: str) -> Any:
        assert self.queue.owner
        return self.queue.lock_task(name)

    def two_takes(self) -> tuple[Any, Any]:
        """Two workers look for a job at the same time: what each of them gets."""
        return self._claim(), self._claim()

    def close(self) -> None:
        self.bench.close()
        self.database.close_all()


class OnServer(Ours):
    """Valhalla's queue on a PostgreSQL server."""

    def __init__(self, url: str) -> None:
        from jobs import PostgresEngine

        self._begin(PostgresEngine(url, grace=0), "text)")
        with self.database.write():
            self.database.sql("CREATE SEQUENCE place")
            self.database.sql("ALTER TABLE footprint ALTER COLUMN number SET DEFAULT nextval('place')")

    def task(self, name: str, **options: Any) -> Callable[[Callable[..., Any]], Any]:
        from jobs import current_job

        if not options.pop("atomic", False):
            return super().task(name, **options)

        def declare(body: Callable[..., Any]) -> Any:
            def handler(*args: Any, **kwargs: Any) -> Any:
                job = current_job()
                assert job is not None
                job.begin()
                return body(*args, **kwargs)

            return self.queue.task(name=name, **options)(handler)

        return declare


class Stock:
    """``SqliteHuey`` as it comes."""

    def __init__(self, folder: Path | None) -> None:
        assert folder is not None
        self._path = folder / "huey.db"
        self._effects: list[str] = []
        self._ahead = 0.0
        self._open()

    def _open(self) -> None:
        import sqlite3

        from huey import SqliteHuey, storage

        storage.sqlite3 = sqlite3  # the program hides it from Huey, which needs none there
        self.huey = SqliteHuey("conformance", filename=str(self._path), timeout=0.2)

    def task(self, name: str, **options: Any) -> Callable[[Callable[..., Any]], Any]:
        options.pop("atomic", None)
        return self.huey.task(name=name, **options)

    def put(self, job: Any, **options: Any) -> Any:
        for key in ("unique",):
            if key in options:
                raise NotOffered(key)
        if "delay" in options:
            job.eta = self._now() + datetime.timedelta(seconds=options["delay"])
        if "priority" in options:
            job.priority = options["priority"]
        if "expires" in options:
            job.expires = options["expires"]
        return self.huey.enqueue(job)

    def _now(self) -> datetime.datetime:
        now = datetime.datetime.now(datetime.UTC).replace(tzinfo=None)
        return now + datetime.timedelta(seconds=self._ahead)

    def run(self) -> None:
        for _ in range(1000):
            for task in self.huey.read_schedule(self._now()):
                self.huey.enqueue(task)
            task = self.huey.dequeue()
            if task is None:
                return
            self.huey.execute(task, self._now())

    def advance(self, seconds: float) -> None:
        self._ahead += seconds

    def take_and_die(self) -> None:
        assert self.huey.dequeue() is not None

    def take_schedule_and_die(self) -> None:
        self.huey.read_schedule(self._now())

    def restart(self) -> None:
        self.huey.storage.close()
        self._open()

    def waiting(self) -> int:
        return int(self.huey.pending_count())

    def scheduled(self) -> int:
        return int(self.huey.scheduled_count())

    def effect(self, what: str) -> None:
        self._effects.append(what)

    def effects(self) -> list[str]:
        return self._effects

    def stored(self) -> list[bytes]:
        return list(self.huey.storage.enqueued_items())

    def kept_failures(self) -> list[str]:
        return [
            str(self.huey.serializer.deserialize(value))
            for value in self.huey.storage.result_items().values()
        ]

    def result(self, job: Any) -> Any:
        return job.get()

    def revoke(self, task: Any) -> None:
        task.revoke()

    def pause(self) -> None:
        raise NotOffered("pause")

    def every(self, seconds: int, name: str) -> Callable[[Callable[..., Any]], Any]:
        raise NotOffered("cycles of seconds")

    def transaction(self) -> Any:
        raise NotOffered("a transaction shared with the application")

    def lock(self, name: str) -> Any:
        return self.huey.lock_task(name)

    def two_takes(self) -> tuple[Any, Any]:
        return self.huey.dequeue(), self.huey.dequeue()

    def close(self) -> None:
        self.huey.storage.close()
