"""A queue with its worker, as the application uses it."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

import jobs
from db import Database
from jobs import DoNotRetry, JobQueue, LeaseLost
from jobs.liveness import WorkerRegistration
from jobs.worker import JobWorker

PATIENCE = 60.0
"""Seconds that are waited for what always comes: a disk that others keep busy may take its time to sync."""


@pytest.fixture
def worker(queue: JobQueue) -> Iterator[JobWorker]:
    worker = queue.worker(threads=2)
    yield worker
    worker.stop(timeout=PATIENCE)


def effects(database: Database) -> list[str]:
    return [what for (what,) in database.sql("SELECT what FROM footprint ORDER BY id")]


def note(database: Database, what: str) -> None:
    with database.write():
        database.sql("INSERT INTO footprint (what) VALUES (?)", (what,))


def test_job_runs_with_its_arguments_and_keeps_its_result(queue: JobQueue, worker: JobWorker) -> None:
    @queue.task(name="add")
    def add(a: int, b: int = 0) -> int:
        return a + b

    worker.start()
    state = queue.wait(queue.enqueue(add.s(2, b=3)), timeout=PATIENCE)

    assert (state.state, state.result, state.tries) == ("done", 5, 1)


@pytest.mark.parametrize("atomic", [False, True])
def test_failed_job_is_tried_again_and_then_kept_with_its_history(
    queue: JobQueue, worker: JobWorker, database: Database, atomic: bool
) -> None:
    @queue.task(name="fail", retries=2, retry_delay=0.01, atomic=atomic)
    def fail() -> None:
        if atomic:
            note(database, "half an effect")
        raise ValueError("no such thing")

    worker.start()
    job = queue.enqueue(fail.s())
    state = queue.wait(job, timeout=PATIENCE)

    assert (state.state, state.tries, state.failures, state.error) == (
        "dead",
        3,
        3,
        "ValueError: no such thing",
    )
    assert effects(database) == []
    failures = [event.reason for event in queue.history(job) if event.event in ("retry", "dead")]
    assert failures == ["ValueError: no such thing"] * 3


def test_do_not_retry_ends_a_job_whatever_retries_are_left(queue: JobQueue, worker: JobWorker) -> None:
    @queue.task(name="fail", retries=5)
    def fail() -> None:
        raise DoNotRetry("the file is gone")

    worker.start()
    state = queue.wait(queue.enqueue(fail.s()), timeout=PATIENCE)

    assert (state.state, state.tries, state.error) == ("dead", 1, "the file is gone")


def test_last_writes_of_a_job_and_its_end_are_one_transaction(
    queue: JobQueue, worker: JobWorker, database: Database
) -> None:
    @queue.task(name="last")
    def last() -> None:
        job = jobs.current_job()
        assert job is not None
        job.begin()
        note(database, "last")
        raise ValueError("after the effect")

    worker.start()
    state = queue.wait(queue.enqueue(last.s()), timeout=PATIENCE)

    assert state.state == "dead"
    assert effects(database) == []


def test_taken_over_job_cannot_commit(queue: JobQueue, worker: JobWorker, database: Database) -> None:
    inside, go_on, fenced = threading.Event(), threading.Event(), threading.Event()

    @queue.task(name="slow")
    def slow() -> None:
        inside.set()
        assert go_on.wait(5)
        try:
            with database.write():
                job = jobs.current_job()
                assert job is not None
                job.fence()
                note(database, "too late")
        except LeaseLost:
            fenced.set()
            raise

    worker.start()
    job = queue.enqueue(slow.s())
    assert inside.wait(5)
    other = WorkerRegistration(database, "another process")
    with database.write():  # what a rescue and another worker's claim do
        database.sql("UPDATE task SET claims = claims + 1, owner = ? WHERE id = ?", (other.id, job))
    go_on.set()

    assert fenced.wait(5)
    assert worker.stop(timeout=PATIENCE)
    assert effects(database) == []
    assert queue.state(job).state == "running"
    other.close()


def test_taken_over_job_cannot_end_the_attempt_of_the_one_who_has_it_now(
    queue: JobQueue, worker: JobWorker, database: Database
) -> None:
    inside, go_on, lost = threading.Event(), threading.Event(), threading.Event()

    @queue.task(name="slow")
    def slow() -> None:
        inside.set()
        assert go_on.wait(5)
        job = jobs.current_job()
        assert job is not None
        job.begin()
        note(database, "too late")

    queue.events.subscribe(lambda signal: lost.set() if signal.event == "lease lost" else None)
    worker.start()
    job = queue.enqueue(slow.s())
    assert inside.wait(5)
    other = WorkerRegistration(database, "another process")
    with database.write():
        database.sql("UPDATE task SET claims = claims + 1, owner = ? WHERE id = ?", (other.id, job))
    go_on.set()

    assert lost.wait(5)
    state = queue.state(job)
    assert (state.state, state.owner, state.claims) == ("running", other.id, 2)
    assert effects(database) == []
    other.close()


def test_unique_key_admits_one_job_until_it_ends(queue: JobQueue, worker: JobWorker) -> None:
    @queue.task(name="one")
    def one() -> None: ...

    first = queue.enqueue(one.s(), unique="import:a.csv")
    assert queue.enqueue(one.s(), unique="import:a.csv") == first
    assert queue.enqueue(one.s(), unique="import:b.csv") != first
    worker.start()
    queue.wait(first, timeout=PATIENCE)

    assert queue.enqueue(one.s(), unique="import:a.csv") != first


def test_enqueue_belongs_to_the_transaction_around_it(queue: JobQueue, database: Database) -> None:
    @queue.task(name="one")
    def one() -> None: ...

    with pytest.raises(KeyError), database.write():
        queue.enqueue(one.s())
        raise KeyError

    assert queue.pending_count() == 0


def test_higher_priority_goes_first_then_the_older(queue: JobQueue, worker: JobWorker) -> None:
    order: list[str] = []

    @queue.task(name="note", atomic=True)
    def note_it(what: str) -> None:
        order.append(what)

    queue.enqueue(note_it.s("low"), priority=-1)
    queue.enqueue(note_it.s("first"))
    queue.enqueue(note_it.s("second"))
    last = queue.enqueue(note_it.s("high"), priority=7)
    worker = queue.worker(threads=1)
    worker.start()
    queue.wait(last, timeout=PATIENCE)
    worker.stop()

    assert order[0] == "high"
    worker = queue.worker(threads=1)
    worker.start()
    queue.drain(timeout=PATIENCE)
    worker.stop()
    assert order == ["high", "first", "second", "low"]


def test_stopping_worker_gives_a_long_job_back_at_its_next_chunk(queue: JobQueue, database: Database) -> None:
    running = threading.Event()

    @queue.task(name="long")
    def long() -> None:
        job = jobs.current_job()
        assert job is not None
        while True:
            with database.write():
                job.fence()
                note(database, "chunk")
            running.set()
            job.stopping.wait(5)
            job.check()

    worker = queue.worker(threads=1)
    worker.start()
    job = queue.enqueue(long.s())
    waiting = queue.enqueue(long.s())
    assert running.wait(5)
    assert worker.stop(timeout=PATIENCE)

    assert queue.state(job).state == "waiting"
    assert queue.state(job).failures == 0
    assert queue.state(waiting).state == "waiting"
    assert [event.event for event in queue.history(job)] == ["enqueued", "started", "released"]


def test_pipeline_passes_results_on(queue: JobQueue, worker: JobWorker) -> None:
    seen: list[int] = []

    @queue.task(name="add")
    def add(a: int, b: int) -> int:
        return a + b

    @queue.task(name="keep")
    def keep(value: int) -> None:
        seen.append(value)

    worker.start()
    queue.enqueue(add.s(1, 2).then(add, 10).then(keep))
    queue.drain(timeout=PATIENCE)

    assert seen == [13]


def test_job_caused_by_a_job_shares_its_correlation_id(queue: JobQueue, worker: JobWorker) -> None:
    children: list[int] = []

    @queue.task(name="child")
    def child() -> None: ...

    @queue.task(name="parent")
    def parent() -> None:
        children.append(queue.enqueue(child.s()))

    worker.start()
    job = queue.enqueue(parent.s(), correlation_id="cycle-7")
    queue.wait(job, timeout=PATIENCE)

    state = queue.wait(children[0], timeout=PATIENCE)
    assert (state.correlation_id, state.parent_id) == ("cycle-7", job)


def test_nonsense_goes_to_the_dead_letters_and_the_worker_goes_on(
    queue: JobQueue, worker: JobWorker, database: Database
) -> None:
    @queue.task(name="good", atomic=True)
    def good(*args: object, **kwargs: object) -> None: ...

    rows = [queue.enqueue(good.s()) for _ in range(6)]
    with database.write():
        database.sql("UPDATE task SET payload = '{' WHERE id = ?", (rows[0],))
        database.sql("UPDATE task SET payload = '[1]' WHERE id = ?", (rows[1],))
        database.sql("UPDATE task SET name = 'nobody' WHERE id = ?", (rows[2],))
        database.sql("""UPDATE task SET payload = '{"args": 7}' WHERE id = ?""", (rows[3],))
        database.sql("UPDATE task SET queue = 'unheard of', lane = 'x' WHERE id = ?", (rows[4],))
    worker.start()
    states = [queue.wait(row, timeout=PATIENCE) for row in rows]

    assert [state.state for state in states] == ["dead", "dead", "dead", "dead", "done", "done"]
    assert states[2].error == "UnknownHandler: no handler has the name 'nobody'"
    assert all(state.error for state in states[:4])


def test_worker_can_be_stopped_and_another_one_started(queue: JobQueue) -> None:
    @queue.task(name="one")
    def one() -> None: ...

    for _ in range(3):
        worker = queue.worker(threads=2)
        worker.start()
        assert queue.wait(queue.enqueue(one.s()), timeout=PATIENCE).state == "done"
        assert worker.stop(timeout=PATIENCE)
