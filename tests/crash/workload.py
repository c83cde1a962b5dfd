"""Jobs of every sort, each of which leaves a known number of effects; and a worker process that is there to be killed.

``python workload.py FILE THREADS`` works on FILE until it is killed or gets a line on standard input.
"""

from __future__ import annotations

import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from db import Database
from jobs import JobQueue, current_job

CHUNKS = 12

SCHEMA = """
CREATE TABLE IF NOT EXISTS footprint (key TEXT NOT NULL, part INTEGER NOT NULL, job INTEGER, worker INTEGER) STRICT;
CREATE TABLE IF NOT EXISTS place (key TEXT NOT NULL PRIMARY KEY, done INTEGER NOT NULL) STRICT;
"""


@dataclass
class Workload:
    """The handlers on one queue."""

    queue: JobQueue
    handlers: dict[str, Any]

    def produce(self, number: int) -> None:
        """Enqueue one job of each sort; all their effects carry ``number``."""
        queue, handlers = self.queue, self.handlers
        with queue.database.write():
            queue.enqueue(handlers["atomic"].s(f"atomic-{number}"))
            queue.enqueue(handlers["plain"].s(f"plain-{number}"))
            queue.enqueue(handlers["chunked"].s(f"chunked-{number}"))
            queue.enqueue(handlers["failing"].s(f"failing-{number}"))
            queue.enqueue(handlers["atomic"].s(f"late-{number}"), delay=0.05 + number % 7 / 10)
            queue.enqueue(handlers["plain"].s(f"first-{number}").then(handlers["step"], f"second-{number}"))
            queue.enqueue(handlers["parent"].s(f"parent-{number}", f"child-{number}"))

    @staticmethod
    def expected(number: int) -> dict[tuple[str, int], int]:
        """The effects that one :meth:`produce` leaves."""
        keys = ("atomic", "plain", "failing", "late", "first", "second", "parent", "child")
        expected = {(f"{key}-{number}", 0): 1 for key in keys}
        return expected | {(f"chunked-{number}", part): 1 for part in range(CHUNKS)}


def build(database: Database, *, durable: bool = False, nap: float = 0.002, cycle: bool = False) -> Workload:
    """The handlers, on a new queue."""
    if not database.value("SELECT 1 FROM sqlite_schema WHERE name = 'place'"):
        with database.write(durable=True):
            database.sql(SCHEMA)
    queue = JobQueue(database, lease=5.0, max_lost=1_000_000)

    def effect(key: str, part: int = 0) -> None:
        job = current_job()
        assert job is not None
        with database.write():
            database.sql("INSERT INTO footprint VALUES (?, ?, ?, ?)", (key, part, job.id, queue.owner.id))

    @queue.task(name="atomic", atomic=True, durable=durable)
    def atomic(key: str) -> None:
        effect(key)

    @queue.task(name="plain", durable=durable)
    def plain(key: str) -> str:
        time.sleep(nap)
        job = current_job()
        assert job is not None
        job.begin()
        effect(key)
        return key

    @queue.task(name="step", durable=durable)
    def step(key: str, before: str) -> None:
        plain.call_local(key)

    @queue.task(name="chunked", durable=durable)
    def chunked(key: str) -> None:
        job = current_job()
        assert job is not None
        done = database.value("SELECT done FROM place WHERE key = ?", (key,)) or 0
        while done < CHUNKS:
            time.sleep(nap)
            with database.write(durable=durable):
                job.fence()
                database.sql("INSERT INTO place VALUES (?, 0) ON CONFLICT DO NOTHING", (key,))
                database.sql("UPDATE place SET done = ? WHERE key = ? AND done = ?", (done + 1, key, done))
                assert database.changes() == 1
                effect(key, done)
            done += 1
            job.check()

    @queue.task(name="failing", retries=2, retry_delay=0.01, durable=durable, atomic=True)
    def failing(key: str) -> None:
        job = current_job()
        assert job is not None
        effect(key)
        if queue.state(job.id).failures < 2:
            raise ValueError("not yet")

    @queue.task(name="parent", atomic=True, durable=durable)
    def parent(key: str, child: str) -> None:
        effect(key)
        queue.enqueue(atomic.s(child))

    if cycle:

        @queue.every(1, name="cycle", atomic=True)
        def each_second() -> None:
            job = current_job()
            assert job is not None
            effect(f"slot-{job.due}")

    handlers = {each.kind.name: each for each in (atomic, plain, step, chunked, failing, parent)}
    return Workload(queue, handlers)


def problems(database: Database, numbers: int) -> list[str]:
    """What is lost or doubled, once everything has ended."""
    expected: dict[tuple[str, int], int] = {}
    for number in range(numbers):
        expected |= Workload.expected(number)
    found: dict[tuple[str, int], int] = {
        (key, part): count
        for key, part, count in database.sql("SELECT key, part, count(*) FROM footprint GROUP BY key, part")
    }
    wrong = [f"{key} lost" for key in expected if key not in found]
    wrong += [f"{key} {count} times" for key, count in found.items() if count != 1]
    wrong += [f"{key} unheard of" for key in found if key not in expected and not key[0].startswith("slot-")]
    states = database.sql("SELECT id, name, state, error FROM task WHERE state <> 'done'")
    return wrong + [f"job {row}" for row in states if row[1] != "cycle"]


def main() -> None:
    database = Database.open(Path(sys.argv[1]))
    workload = build(database, cycle="cycle" in sys.argv)
    worker = workload.queue.worker(threads=int(sys.argv[2]))
    worker.start()
    print("ready", flush=True)
    stop = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.readline(), stop.set()), daemon=True).start()
    stop.wait()
    worker.stop(timeout=10)
    database.close_all()


if __name__ == "__main__":
    main()
