"""The power goes while jobs run; the disk fails while jobs run."""

from __future__ import annotations

import contextlib
import os
import random
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import apsw
import pytest

import db.connection
from db import Database, DatabaseError
from jobs import JobQueue
from jobs.errors import Abandoned
from jobs.file_engine import FileEngine
from jobs.worker_thread import WorkerThread

pytestmark = pytest.mark.crash
LONG = os.environ.get("VALHALLA_LONG") == "1"
IMAGES = 300 if LONG else 12
FAULTS = 200 if LONG else 10
NUMBERS = 6


@pytest.fixture
def disk(vfs: ModuleType) -> Iterator[Any]:
    disk = vfs.Disk()
    yield disk
    disk.close()


def run_to_the_end(work: Any, ended: list[int] | None = None) -> None:
    """Deliver everything in this thread; ``ended`` gets the jobs whose end was committed."""
    if ended is not None:
        work.queue.events.subscribe(
            lambda signal: ended.append(signal.job_id) if signal.event == "done" else None
        )
    thread = WorkerThread(work.queue, threading.Event())
    storage, database = work.queue.storage, work.queue.database
    while database.value(
        "SELECT EXISTS (SELECT 1 FROM task WHERE state IN ('waiting', 'scheduled', 'running'))"
    ):
        storage.promote(database.clock() + 10**9)
        storage.find_lanes()
        thread.work()


def losses_after_power_loss(
    folder: Path, disk: Any, vfs: ModuleType, workload: ModuleType, *, durable: bool, images: int, seed: int
) -> list[str]:
    """Let the power go at ``images`` moments of one run; what is wrong on the disks that are left, in words."""
    chance = random.Random(seed)
    (folder / "live").mkdir()
    database = Database.open(folder / "live" / "queue.db")
    work = workload.build(database, durable=durable, nap=0)
    ended: list[int] = []
    snapshots: list[tuple[dict[str, Any], list[int]]] = []

    def maybe(number: int, kind: str, name: str) -> None:
        if len(snapshots) < images and chance.random() < 0.25:
            told = list(ended)  # first: what ends meanwhile need not be in the snapshot
            snapshots.append((disk.snapshot(), told))

    with database.write(durable=True):
        for number in range(NUMBERS):
            work.produce(number)
    disk.on_call = maybe
    run_to_the_end(work, ended)
    disk.on_call = None
    assert workload.problems(database, NUMBERS) == []
    work.queue.close()
    database.close_all()

    wrong = []
    assert len(snapshots) >= images // 2
    for index, (snapshot, told) in enumerate(snapshots):
        place = folder / f"image-{index}"
        place.mkdir()
        vfs.image(snapshot, place, chance)
        wrong += [f"image {index}: {each}" for each in examine(place, workload, told if durable else [])]
    return wrong


def examine(place: Path, workload: ModuleType, told: list[int]) -> list[str]:
    """Open what is left, compare with what had been ``told``, let the jobs run to their end, count effects."""
    try:
        database = Database.open(place / "queue.db")
    except (DatabaseError, apsw.Error) as error:
        return [f"cannot be opened: {error}"]
    try:
        if database.value("PRAGMA integrity_check") != "ok":
            return ["is malformed"]
        done = {job for (job,) in database.sql("SELECT id FROM task WHERE state = 'done'")}
        wrong = [f"job {job} had ended durably and is forgotten" for job in told if job not in done]
        work = workload.build(database, nap=0)
        with database.write():  # the worker of before died with the machine
            database.sql("UPDATE task SET lease = 0 WHERE state = 'running'")
        from jobs.rescue import rescue_stale

        rescue_stale(work.queue)
        run_to_the_end(work)
        wrong += workload.problems(database, NUMBERS)
        work.queue.close()
        return wrong
    except (DatabaseError, apsw.Error) as error:
        return [f"fails: {error}"]
    finally:
        database.close_all()


@pytest.mark.parametrize("durable", [True, False])
def test_power_loss_keeps_what_was_durable_and_tears_nothing(
    tmp_path: Path, disk: Any, vfs: ModuleType, workload: ModuleType, durable: bool
) -> None:
    losses = losses_after_power_loss(
        tmp_path, disk, vfs, workload, durable=durable, images=IMAGES, seed=20 + durable
    )

    assert losses == []


def test_the_disk_tells_a_program_that_never_syncs(
    tmp_path: Path, disk: Any, vfs: ModuleType, workload: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test of the tests: with ``synchronous = OFF`` the same images must show losses."""
    monkeypatch.setattr(db.connection, "NORMAL", 0)
    monkeypatch.setattr(db.connection, "FULL", 0)

    assert losses_after_power_loss(tmp_path, disk, vfs, workload, durable=True, images=20, seed=20)


@pytest.mark.parametrize("flushed", [True, False])
def test_power_loss_keeps_the_ends_that_threads_have_committed_together(
    tmp_path: Path, disk: Any, vfs: ModuleType, monkeypatch: pytest.MonkeyPatch, flushed: bool
) -> None:
    """``flushed`` False is the test of the test."""
    if not flushed:
        monkeypatch.setattr(
            FileEngine,
            "commit",
            lambda engine, changes, durable, request: engine.group_commit(False).commit(changes, request),
        )
    queue = JobQueue.open(tmp_path / "queue.db")
    queue.enqueue_many(queue.task(name="noop", durable=True)(lambda: None), ((),) * 100)
    ended: list[int] = []
    queue.on("done")(lambda signal: ended.append(signal.job_id))
    snapshots: list[tuple[list[int], dict[str, Any]]] = []

    def each_write(number: int, kind: str, name: str) -> None:
        if number % 4 == 0 and len(snapshots) < IMAGES * 4:
            told = list(ended)  # first: what ends meanwhile need not be in the snapshot
            snapshots.append((told, disk.snapshot()))

    disk.on_call = each_write
    worker = queue.worker(threads=4)
    worker.start()
    queue.drain()
    worker.stop()
    disk.on_call = None
    queue.shut()

    chance, forgotten = random.Random(4), 0
    for number, (told, snapshot) in enumerate(snapshots):
        place = tmp_path / f"image-{number}"
        place.mkdir()
        vfs.image(snapshot, place, chance)
        with JobQueue.open(place / "queue.db") as left:
            assert left.database.value("PRAGMA integrity_check") == "ok"
            done = {job for (job,) in left.database.sql("SELECT id FROM task WHERE state = 'done'")}
        forgotten += len(set(told) - done)
    assert len(snapshots) == IMAGES * 4 and any(told for told, _ in snapshots)
    assert (forgotten == 0) == flushed


@pytest.mark.parametrize("failure", [apsw.IOError, apsw.FullError])
def test_failing_disk_loses_and_doubles_nothing(
    tmp_path: Path, disk: Any, workload: ModuleType, failure: type[apsw.Error]
) -> None:
    """Let one write, truncation or sync in every run fail, each time a later one."""
    chance = random.Random(7)
    failed = 0
    for run in range(FAULTS):
        folder = tmp_path / f"run-{run}"
        folder.mkdir()
        database = Database.open(folder / "queue.db")
        work = workload.build(database, nap=0)
        for number in range(2):
            work.produce(number)
        at = disk.calls + 1 + chance.randrange(120)

        def fail(number: int, kind: str, name: str, at: int = at) -> None:
            nonlocal failed
            if at <= number < at + 3:
                failed += 1
                raise failure("the disk fails, says the test")

        disk.on_call = fail
        for _ in range(40):
            with contextlib.suppress(DatabaseError, apsw.Error, Abandoned):
                deliver_once(work)
        disk.on_call = None
        with database.write():  # what the lease would do in time
            database.sql("UPDATE task SET lease = 0 WHERE state = 'running'")
        from jobs.rescue import rescue_stale

        rescue_stale(work.queue)
        for (job,) in database.sql(
            "SELECT id FROM task WHERE state = 'dead'"
        ):  # failed by the disk: once more
            from jobs import retry_job

            retry_job(database, job)
        run_to_the_end(work)

        assert workload.problems(database, 2) == [], f"run {run}"
        assert database.value("PRAGMA integrity_check") == "ok"
        work.queue.close()
        database.close_all()
    assert failed >= FAULTS


def deliver_once(work: Any) -> None:
    work.queue.storage.promote(work.queue.database.clock() + 10**9)
    work.queue.storage.find_lanes()
    WorkerThread(work.queue, threading.Event()).work()
