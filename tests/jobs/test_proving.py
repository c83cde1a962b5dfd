"""What sealed events prove of jobs, and that each way to break the promise is named."""

from __future__ import annotations

import os
import time
from typing import Any

import pytest

from jobs import JobQueue, Retry, prove, prune_jobs, seal_events
from jobs.testing import Bench

LONG = os.environ.get("VALHALLA_LONG") == "1"
JOBS, BROKEN = (330_000, 1_000) if LONG else (300, 100)
"""``JOBS`` of three events each, of which so many are broken."""

EVENT = "INSERT INTO job_event (task_id, at, event, claim, worker) VALUES (?, 0, ?, ?, 1)"


def sealed(bench: Bench) -> Any:
    seal_events(bench.database)
    return prove(bench.database)


def declare(queue: JobQueue) -> dict[str, Any]:
    @queue.task(name="fine", atomic=True)
    def fine() -> None:
        pass

    @queue.task(name="alone")
    def alone() -> None:
        pass

    @queue.task(name="fails", retries=Retry(2, base=0))
    def fails() -> None:
        raise ValueError("never")

    @queue.task(name="fails in a group", atomic=True, retries=Retry(1, base=0))
    def fails_too() -> None:
        raise ValueError("never")

    return {each.kind.name: each for each in (fine, alone, fails, fails_too)}


def test_what_the_queue_does_by_itself_violates_nothing() -> None:
    with Bench(max_lost=2) as bench:
        kinds, queue = declare(bench.queue), bench.queue
        for kind in kinds.values():
            for _ in range(3):
                kind.enqueue()
        later, expired = kinds["fine"].enqueue(delay=60), kinds["alone"].enqueue(expires=1)
        bench.advance(2)
        bench.run()
        assert queue.state(expired).state == "expired"
        queue.jobs.cancel(later)
        assert queue.jobs.retry_all() == 6
        bench.run()
        job = kinds["alone"].enqueue()
        for _ in range(2):  # the second death buries it
            dying = JobQueue(bench.database)
            with bench.database.write():
                claim = queue.storage.claim_one(job, dying.owner.id, queue.lease)
                assert claim is not None
                bench.database.sql("UPDATE task SET started_at = 1, tries = tries + 1 WHERE id = ?", (job,))
                queue.storage.event(job, "started", claim.claims, dying.owner.id)
            dying.owner.release_lock()
            bench.tick()
        assert queue.state(job).state == "dead"
        left = kinds["alone"].enqueue()

        proof = sealed(bench)
        assert proof.violations == []
        assert (proof.jobs, proof.ended) == (16, 15)
        assert proof.begun == bench.database.value("SELECT sum(tries) FROM task")
        assert not queue.state(left).ended
        kinds["fine"].enqueue()
        assert prove(bench.database).unsealed == 1


@pytest.mark.parametrize(
    ("events", "what"),
    [
        ([("started", 1), ("started", 1)], "was begun again in claim 1"),
        ([("started", 1), ("started", 2)], "was begun in claim 2 while it ran in claim 1"),
        ([("started", 1), ("rescued", 1), ("started", 1)], "was begun again in claim 1"),
        ([("started", 1), ("done", 1), ("started", 2)], "was begun after it had ended"),
        ([("started", 1), ("done", 1), ("done", 1)], "ended after it had ended"),
        ([("started", 1), ("rescued", 1), ("done", 1)], "ended in claim 1, which was over"),
        ([("started", 1), ("done", 2)], "ended in claim 2 while it ran in claim 1"),
        ([("started", 1), ("canceled", None)], "ended without a claim while it ran in claim 1"),
        ([("done", 1), ("dead", 2)], "ended after it had ended"),
        ([("done", 1), ("retry", 2)], "went back (retry) after it had ended"),
        ([("retry", 1), ("done", 1)], "ended in claim 1, which was over"),
        ([("started", 1), ("returned", None)], "was put back by hand before it had ended"),
        ([("started", None)], "was begun without a claim"),
        ([("enqueued", None)], "was enqueued a second time"),
    ],
)
def test_each_violation_is_named(events: list[tuple[str, int | None]], what: str) -> None:
    with Bench() as bench:
        job = declare(bench.queue)["fine"].enqueue()
        with bench.database.write():
            bench.database.many(EVENT, [(job, *each) for each in events])
            newest = bench.database.last_id()
        (found,) = sealed(bench).violations
        assert (found.job, found.event, found.what) == (job, newest, f"job {job} {what}")


@pytest.mark.parametrize(
    ("blow", "what"),
    [
        (
            "UPDATE job_event SET claim = 7 WHERE id = 2",
            "job events 1 to 3 were changed after they were sealed",
        ),
        ("DELETE FROM job_event WHERE id = 3", "job events 1 to 3 were changed after they were sealed"),
        ("DELETE FROM job_seal", "the seal of job events 1 to 3 is only in the chain"),
        ("UPDATE job_seal SET digest = 'x'", "the seal of job events 1 to 3 is otherwise in the chain"),
        (
            "INSERT INTO job_seal VALUES (9, 8, 0, 'x', 0)",
            "the seal of job events 8 to 9 is not in the chain",
        ),
    ],
)
def test_what_was_changed_behind_the_seal_is_named(blow: str, what: str) -> None:
    with Bench() as bench:
        declare(bench.queue)["alone"].enqueue()
        bench.run()
        seal_events(bench.database)
        with bench.database.write():
            bench.database.sql(blow)
        assert what in [each.what for each in prove(bench.database).violations]


def test_what_pruning_leaves_is_proved() -> None:
    with Bench() as bench:
        kind = declare(bench.queue)["alone"]
        for _ in range(20):
            kind.enqueue()
        bench.run()
        bench.advance(100)
        kept = kind.enqueue()
        bench.run()
        assert prune_jobs(bench.database, older_than=50_000_000) == 20
        assert sealed(bench).violations == []
        assert bench.queue.state(kept).state == "done"


def test_each_of_many_violations_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with Bench() as bench:
        kind = declare(bench.queue)["alone"]
        bench.queue.enqueue_many(kind, ((),) * JOBS)
        with bench.database.write():
            for event in ("started", "done"):
                bench.database.many(EVENT, ((number, event, 1) for number in range(1, JOBS + 1)))
            broken = set(range(3, JOBS, JOBS // BROKEN))
            bench.database.many(EVENT, ((number, "done", 1) for number in broken))
        seal_events(bench.database)
        began, events = time.process_time(), bench.database.value("SELECT count(*) FROM job_event")
        proof = prove(bench.database)
        print(f"{events} events proved in {time.process_time() - began:.2f} s, {len(broken)} violations")
        assert {each.job for each in proof.violations} == broken and len(proof.violations) == len(broken)
