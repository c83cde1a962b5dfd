"""Ends of jobs that several threads commit together."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from db import Database
from jobs import JobQueue, prove, seal_events
from jobs.attempt import Attempt
from jobs.engine import Change, Request, Taken
from jobs.testing import Bench


def begun(queue: JobQueue, count: int) -> list[list[Change]]:
    """What ends each of ``count`` jobs that have begun."""
    task = queue.task(name="noop", durable=True)(lambda: None)
    queue.enqueue_many(task, ((),) * count)
    with queue.database.write():
        claims = queue.storage.claim(count, queue.owner.id, queue.lease)
        attempts = [
            Attempt(claim, task.kind, queue.engine, queue.owner.id, queue.lease, False) for claim in claims
        ]
        starts: list[Change] = []
        for each in attempts:
            each.start(starts, queue.database.clock())
        assert not queue.engine.change(starts)
    ends: list[list[Change]] = []
    for each in attempts:
        ends.append([])
        each.succeed(ends[-1], queue.database.clock())
    return ends


@pytest.fixture
def durable_writes(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Grows with each durable transaction."""
    seen: list[bool] = []
    begin = Database._begin

    def counted(database: Database, durable: bool) -> None:
        if durable:
            seen.append(durable)
        begin(database, durable)

    monkeypatch.setattr(Database, "_begin", counted)
    return seen


def together(queue: JobQueue, ends: list[list[Change]], meanwhile: Callable[[], object]) -> list[bool]:
    """Have each of ``ends`` committed by a thread of its own, all of them there before the first can write."""
    group = queue.engine.group_commit(queue.kinds["noop"].durable)
    committed: list[bool] = []
    threads = [
        threading.Thread(target=lambda changes=each: committed.append(group.commit(changes) is not None))
        for each in ends
    ]
    with queue.database.write():
        meanwhile()
        threads[0].start()
        while not group._led or group._waiting:  # until the first has left to write
            time.sleep(0)
        for number, thread in enumerate(threads[1:]):
            thread.start()
            while len(group._waiting) <= number:
                time.sleep(0)
    for thread in threads:
        thread.join()
    return committed


def test_threads_that_come_while_one_commits_share_the_next_commit(durable_writes: list[bool]) -> None:
    with Bench() as bench:
        ends = begun(bench.queue, 5)
        durable_writes.clear()
        assert together(bench.queue, ends, lambda: None) == [True] * 5
        assert len(durable_writes) == 2  # of the first alone, and of the four that came meanwhile
        assert {each.state for each in bench.queue.jobs.find()} == {"done"}
        seal_events(bench.database)
        proof = prove(bench.database)
        assert (proof.violations, proof.begun, proof.ended) == ([], 5, 5)


def test_end_of_a_job_that_was_taken_over_keeps_nothing_of_its_group() -> None:
    with Bench() as bench:
        ends = begun(bench.queue, 4)
        lost = bench.queue.jobs.find()[0].id  # the last to come

        def take_over() -> None:
            bench.database.sql("UPDATE task SET claims = claims + 1 WHERE id = ?", (lost,))

        assert together(bench.queue, ends, take_over) == [True, False, False, False]
        assert [each.state for each in bench.queue.jobs.find()] == ["running"] * 3 + ["done"]
        assert bench.queue.engine.commit(ends[1], durable=bench.queue.kinds["noop"].durable)  # alone it can


@pytest.mark.parametrize("durable", [True, False])
def test_each_job_of_many_threads_ends_once(database: Database, durable: bool) -> None:
    queue = JobQueue(database)
    heard: list[int] = []

    @queue.task(durable=durable, retries=1, retry_delay=0)
    def odd(number: int) -> int:
        if number % 5 == 0:
            raise ValueError("by five")
        return number

    queue.on("done")(lambda signal: heard.append(signal.job_id))
    queue.enqueue_many(odd, ((number,) for number in range(60)))
    worker = queue.worker(threads=4)
    worker.start()
    queue.drain(timeout=60)
    worker.stop()
    jobs = {each.id: each for each in queue.jobs.find(limit=100)}
    assert [each.result for _, each in sorted(jobs.items())] == [
        number if number % 5 else None for number in range(60)
    ]
    assert sorted(heard) == sorted(number for number, each in jobs.items() if each.state == "done")
    assert sum(each.tries for each in jobs.values()) == 60 + 12
    seal_events(database)
    assert prove(database).violations == []


def test_threads_that_share_a_commit_claim_different_jobs_in_it(durable_writes: list[bool]) -> None:
    with Bench() as bench:
        queue = bench.queue
        ends = begun(queue, 3)
        queue.enqueue_many(queue.handlers["noop"], ((),) * 5)
        durable_writes.clear()
        group = queue.engine.group_commit(True)
        request = Request(queue.storage, 2, queue.owner.id, queue.lease, begins=lambda claim: True)
        given: list[Taken | None] = []
        threads = [
            threading.Thread(target=lambda changes=each: given.append(group.commit(changes, request)))
            for each in ends
        ]
        group._expected = {0, 1}  # so that none of them goes alone
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        taken = [each for each in given if each is not None]
        assert len(taken) == 3 and all(each.began for each in taken)
        claimed = [claim.id for each in taken for claim in each.claims]
        assert sorted(claimed) == [4, 5, 6, 7, 8]
        rows = bench.database.sql("SELECT id, started_at IS NOT NULL FROM task WHERE state = 'running'")
        assert dict(rows) == {each: each in {one.claims[0].id for one in taken} for each in claimed}
