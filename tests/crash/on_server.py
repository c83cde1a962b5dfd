"""Jobs kept on a PostgreSQL server whose effects stand in files; and a worker process that is there to be killed.

``python on_server.py URL FOLDER applied|raw LEASE`` works until it is killed or gets a line on standard input. With ``raw`` no file
notes which job it was that an effect is of, so that doing a job again doubles it.
"""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path
from typing import Any

import apsw

from db import DatabaseError
from jobs import JobQueue, PostgresEngine, current_job

FILES = 4
KINDS = ("note", "inside")


class Shards:
    """Files for effects."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._mine = threading.local()

    def make(self) -> None:
        for number in range(FILES):
            connection = self.connection(number)
            connection.execute(
                "PRAGMA journal_mode = wal; CREATE TABLE effect (job INTEGER) STRICT;"
                "CREATE TABLE applied (job INTEGER PRIMARY KEY) STRICT"
            ).fetchall()

    def connection(self, number: int) -> apsw.Connection:
        mine = self._mine.__dict__.setdefault("connections", {})
        if number not in mine:
            mine[number] = apsw.Connection(str(self._folder / f"{number}.db"))
            mine[number].set_busy_timeout(20_000)
        found: apsw.Connection = mine[number]
        return found

    def effect(self, job: int, notes: bool) -> None:
        connection = self.connection(job % FILES)
        with connection:
            connection.execute("INSERT INTO applied VALUES (?) ON CONFLICT DO NOTHING", (job,))
            if connection.changes() or not notes:
                connection.execute("INSERT INTO effect VALUES (?)", (job,))

    def effects(self) -> list[int]:
        rows = [
            self.connection(number).execute("SELECT job FROM effect").fetchall() for number in range(FILES)
        ]
        return [job for part in rows for (job,) in part]


def build(url: str, folder: Path, notes: bool = True, lease: float = 2.0) -> tuple[JobQueue, Shards, Any]:
    """The queue and its handlers by name."""
    engine = PostgresEngine(url)
    queue = JobQueue(engine, lease=lease, max_lost=1_000_000)
    shards = Shards(folder)

    @queue.task(name="note")
    def note(number: int) -> int:
        job = current_job()
        assert job is not None
        time.sleep(0.01)
        shards.effect(job.id, notes)
        time.sleep(0.02)
        return number

    @queue.task(name="inside", retries=2, retry_delay=0.01)
    def inside(number: int) -> None:
        """Its effect is in the transaction that ends it, on the server."""
        job = current_job()
        assert job is not None
        if number % 5 == 0 and job.tries == 1:
            raise ValueError("not yet")
        time.sleep(0.01)
        job.begin()
        engine.sql("INSERT INTO effect VALUES (?)", (job.id,))

    @queue.task(name="long")
    def long(seconds: float) -> None:
        time.sleep(seconds)

    return queue, shards, {"note": note, "inside": inside, "long": long}


def main() -> None:
    _, url, folder, mode, lease = sys.argv
    while True:
        try:
            queue, _, _ = build(url, Path(folder), mode == "applied", float(lease))
            worker = queue.worker(threads=2)
            worker.start()
            break
        except DatabaseError:  # the server is away at this moment
            time.sleep(0.1)
    print("ready", flush=True)
    stop = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.readline(), stop.set()), daemon=True).start()
    stop.wait()
    worker.stop(timeout=10)
    queue.shut()


if __name__ == "__main__":
    main()
