from __future__ import annotations

from typing import Any

import pytest

from jobs import DoNotRetry, UnknownJob, WrongState, admin, current_job
from jobs.testing import Bench


@pytest.fixture
def handlers(bench: Bench) -> dict[str, Any]:
    good = bench.queue.task(name="good")(lambda *args: None)

    @bench.queue.task(name="bad")
    def bad() -> None:
        raise DoNotRetry("it is bad")

    side = bench.queue.task(name="side", queue="side")(lambda: None)
    return {"good": good, "bad": bad, "side": side}


def test_jobs_are_found_by_what_is_known_of_them(bench: Bench, handlers: dict[str, Any]) -> None:
    queue = bench.queue
    one = queue.enqueue(handlers["good"].s("50% off_"), tags=["mail", "spring"])
    two = queue.enqueue(handlers["bad"].s(), correlation_id="cycle-9")
    three = queue.enqueue(handlers["side"].s(), unique="import:a.csv", delay=60)
    bench.run()

    def ids(**conditions: Any) -> list[int]:
        return [job.id for job in admin.find_jobs(bench.database, **conditions)]

    assert ids() == [three, two, one]
    assert (
        ids(state="dead") == ids(name="bad") == ids(text="is bad") == ids(correlation_id="cycle-9") == [two]
    )
    assert ids(tag="spring") == ids(text="50% off_") == [one]
    assert ids(text="50%_off") == []
    assert ids(queue="side") == ids(text="import:a") == ids(state="scheduled") == [three]
    assert ids(limit=2) == [three, two]
    assert ids(before=two) == [one]
    with pytest.raises(WrongState, match="not a state of a job"):
        ids(state="lost")


def test_dead_job_is_tried_again_by_hand(bench: Bench, handlers: dict[str, Any]) -> None:
    job = bench.queue.enqueue(handlers["bad"].s())
    bench.run()
    assert admin.retry_job(bench.database, job, actor="Ann") == "waiting"
    (state,) = bench.run()
    assert (state.state, state.tries, state.failures) == ("dead", 2, 1)
    assert [(event.event, event.reason) for event in bench.queue.history(job)] == [
        ("enqueued", None),
        ("started", None),
        ("dead", "it is bad"),
        ("returned", "by Ann"),
        ("started", None),
        ("dead", "it is bad"),
    ]


def test_retry_by_hand_respects_a_key_that_was_taken_since(bench: Bench, handlers: dict[str, Any]) -> None:
    first = bench.queue.enqueue(handlers["bad"].s(), unique="key")
    bench.run()
    second = bench.queue.enqueue(handlers["good"].s(), unique="key")
    with pytest.raises(WrongState, match=f"job {second} has the same key"):
        admin.retry_job(bench.database, first)
    bench.run()
    admin.retry_job(bench.database, first)
    assert bench.queue.enqueue(handlers["good"].s(), unique="key") == first


def test_waiting_and_scheduled_jobs_are_canceled_at_once(bench: Bench, handlers: dict[str, Any]) -> None:
    for options in ({}, {"delay": 60}):
        job = bench.queue.enqueue(handlers["good"].s(), **options)
        assert admin.cancel_job(bench.database, job) == "canceled"
        bench.advance(120)
        assert bench.run() == []
        with pytest.raises(WrongState, match="canceled already"):
            admin.cancel_job(bench.database, job)
    with pytest.raises(UnknownJob, match="no job 99"):
        admin.cancel_job(bench.database, 99)


def test_running_job_hears_at_its_next_chunk_that_it_was_canceled(bench: Bench) -> None:
    chunks: list[int] = []

    @bench.queue.task(name="long")
    def long() -> None:
        job = current_job()
        assert job is not None
        for number in range(5):
            with bench.database.write():
                job.fence()
                chunks.append(number)
            if number == 2:
                assert admin.cancel_job(bench.database, job.id) == "running"
            job.check()

    job = bench.queue.enqueue(long.s())
    (state,) = bench.run()
    assert state.id == job
    assert (state.state, chunks) == ("canceled", [0, 1, 2, 3])


def test_canceled_while_running_is_not_run_again_after_its_worker_died(
    bench: Bench, handlers: dict[str, Any]
) -> None:
    job = bench.queue.enqueue(handlers["good"].s())
    with bench.database.write():
        bench.queue.storage.claim_one(job, 999, 10**9)
    admin.cancel_job(bench.database, job)
    (state,) = bench.run()
    assert state.state == "canceled"


def test_paused_queue_stands_still_and_others_go_on(bench: Bench, handlers: dict[str, Any]) -> None:
    held = bench.queue.enqueue(handlers["side"].s())
    free = bench.queue.enqueue(handlers["good"].s())
    admin.pause_queue(bench.database, "side", reason="the printer is out of paper")
    assert [job.id for job in bench.run()] == [free]
    (side,) = [queue for queue in admin.list_queues(bench.database) if queue.name == "side"]
    assert (side.paused, side.reason, side.counts) == (True, "the printer is out of paper", {"waiting": 1})
    admin.resume_queue(bench.database, "side")
    assert [job.id for job in bench.run()] == [held]


def test_old_jobs_are_pruned_with_their_events(bench: Bench, handlers: dict[str, Any]) -> None:
    day = 86_400 * 1_000_000
    old = [bench.queue.enqueue(handlers["good"].s()) for _ in range(3)]
    dead = bench.queue.enqueue(handlers["bad"].s())
    held = bench.queue.enqueue(handlers["good"].s(), unique="period", scope="period", period=40 * 86_400)
    bench.run()
    bench.advance(20 * 86_400)
    new = bench.queue.enqueue(handlers["good"].s())
    bench.run()

    assert admin.prune_jobs(bench.database, older_than=10 * day) == 3
    assert [job.id for job in admin.find_jobs(bench.database)] == [new, held, dead]
    left = {task for (task,) in bench.database.sql("SELECT DISTINCT task_id FROM job_event")}
    assert left == {new, held, dead}
    assert old[0] not in left
    assert admin.prune_jobs(bench.database, older_than=10 * day, state="dead") == 1
    with pytest.raises(WrongState):
        admin.prune_jobs(bench.database, older_than=0, state="waiting")
    assert bench.queue.enqueue(handlers["good"].s()) > new


def test_history_is_found_after_the_clock_was_set_back(bench: Bench, handlers: dict[str, Any]) -> None:
    jobs = []
    for step in (0, 50, -3600, 10, -3600):
        bench.clock.advance(step)
        jobs.append(bench.queue.enqueue(handlers["good"].s()))
        bench.run()
    for job in jobs:
        assert [event.event for event in bench.queue.history(job)] == ["enqueued", "started", "done"]
