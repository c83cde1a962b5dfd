"""What happens in addition to the jobs: hung threads, long jobs, urgent ones, limits, other processes."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from db import Database
from jobs import CurrentJob, Duty, JobQueue, JobSignal, JobWorker, WorkerRegistration, current_job
from jobs import maintenance as maintenance_module
from jobs import worker as worker_module
from jobs.attempt import Attempt
from jobs.batch import Running
from jobs.maintenance import BUSY_TICKS, Maintenance
from jobs.testing import Bench
from jobs.worker_thread import WorkerThread


def listen(queue: JobQueue, event: str) -> tuple[threading.Event, list[JobSignal]]:
    """An event for the first signal of this sort, and all of them."""
    heard, signals = threading.Event(), []

    def receive(signal: JobSignal) -> None:
        if signal.event == event:
            signals.append(signal)
            heard.set()

    queue.events.subscribe(receive)
    return heard, signals


def test_hung_job_is_taken_over_alerted_and_cannot_commit_late(database: Database) -> None:
    queue = JobQueue(database, lease=0.5)
    overdue, alerts = listen(queue, "overdue")
    lost, _ = listen(queue, "lease lost")
    go_on = threading.Event()

    @queue.task(name="hang", time_limit=0.2)
    def hang() -> None:
        job = current_job()
        assert job is not None
        if job.tries == 1:
            go_on.wait(20)
        job.begin()
        database.sql("INSERT INTO footprint (job, what) VALUES (?, ?)", (job.id, f"try {job.tries}"))

    worker = queue.worker(threads=1)
    worker.start()
    job = queue.enqueue(hang.s(), correlation_id="c-1")
    ended = queue.wait(job, timeout=20)
    go_on.set()

    assert overdue.wait(20)
    assert lost.wait(20)
    assert worker.stop(timeout=20)
    assert (ended.state, ended.tries, ended.lost) == ("done", 2, 1)
    assert database.sql("SELECT what FROM footprint") == [("try 2",)]
    assert (alerts[0].job_id, alerts[0].correlation_id, alerts[0].severity) == (job, "c-1", "error")
    assert [event.event for event in queue.history(job)] == [
        "enqueued",
        "started",
        "overdue",
        "rescued",
        "started",
        "done",
    ]


def test_job_longer_than_its_lease_keeps_it_while_it_is_alive(database: Database) -> None:
    queue = JobQueue(database, lease=0.4)
    leases: list[int] = []

    @queue.task(name="long")
    def long() -> None:
        seen = threading.Event()
        for _ in range(30):
            leases.append(database.value("SELECT lease FROM task"))
            seen.wait(0.1)

    worker = queue.worker(threads=2)
    worker.start()
    ended = queue.wait(queue.enqueue(long.s()), timeout=20)
    worker.stop(timeout=20)

    assert (ended.state, ended.claims, ended.tries) == ("done", 1, 1)
    assert len(set(leases)) > 2


def test_cooperative_time_limit_is_a_failure_that_is_tried_again(database: Database) -> None:
    queue = JobQueue(database)

    @queue.task(name="slow", time_limit=0.05, retries=1, retry_delay=0.01)
    def slow() -> None:
        job = current_job()
        assert job is not None
        while True:
            job.check()
            threading.Event().wait(0.01)

    worker = queue.worker(threads=1)
    worker.start()
    ended = queue.wait(queue.enqueue(slow.s()), timeout=20)
    worker.stop(timeout=20)

    assert (ended.state, ended.tries) == ("dead", 2)
    assert "its limit is 0.05 s" in str(ended.error)


def test_short_jobs_do_not_wait_behind_a_long_one_of_their_batch(database: Database) -> None:
    queue = JobQueue(database)
    go_on, ran = threading.Event(), threading.Semaphore(0)

    @queue.task(name="short")
    def short() -> None:
        ran.release()

    @queue.task(name="long")
    def long() -> None:
        assert go_on.wait(20)

    for _ in range(200):  # teach the worker to take large batches
        queue.enqueue(short.s())
    blocker = queue.enqueue(long.s())
    for _ in range(50):
        queue.enqueue(short.s())
    worker = queue.worker(threads=2)
    worker.start()

    for _ in range(250):
        assert ran.acquire(timeout=20), "a short job waits for the long one"
    assert queue.state(blocker).state == "running"
    go_on.set()
    assert queue.wait(blocker, timeout=20).state == "done"
    worker.stop(timeout=20)


def test_urgent_job_overtakes_a_batch_that_was_claimed_before_it(database: Database) -> None:
    queue = JobQueue(database)
    order: list[str] = []
    half, go_on = threading.Event(), threading.Event()

    @queue.task(name="job")
    def job(what: str) -> None:
        order.append(what)
        if len(order) == 130:
            half.set()
            assert go_on.wait(20)

    for _ in range(200):
        queue.enqueue(job.s("low"))
    worker = queue.worker(threads=1)
    worker.start()
    assert half.wait(20)
    urgent = queue.enqueue(job.s("urgent"), priority=9)
    go_on.set()
    queue.wait(urgent, timeout=20)
    queue.drain(timeout=20)
    worker.stop(timeout=20)

    assert order.index("urgent") == 130
    assert len(order) == 201


@pytest.mark.parametrize("limit", [1, 2])
def test_no_more_of_a_kind_run_at_once_than_its_limit(database: Database, limit: int) -> None:
    queues = [JobQueue(database), JobQueue(database)]
    running, most, mutex = 0, 0, threading.Lock()
    free = threading.Event()

    def declare(queue: JobQueue) -> Callable[..., object]:
        @queue.task(name="limited", concurrency=limit)
        def limited() -> None:
            nonlocal running, most
            with mutex:
                running += 1
                most = max(most, running)
            threading.Event().wait(0.01)
            with mutex:
                running -= 1

        queue.task(name="other")(free.set)
        return limited

    handlers = [declare(queue) for queue in queues]
    for _ in range(12):
        handlers[0]()
    queues[0].enqueue(queues[0].task(name="after")(lambda: None).s())
    workers = [queue.worker(threads=3) for queue in queues]
    for worker in workers:
        worker.start()
    queues[1].task(name="after")(lambda: None)
    queues[0].drain(timeout=20)
    for worker in workers:
        worker.stop(timeout=20)

    assert most == limit
    assert database.value("SELECT count(*) FROM task WHERE name = 'limited' AND state = 'done'") == 12


def test_limited_kind_does_not_stand_in_the_way_of_others(database: Database) -> None:
    queue = JobQueue(database)
    go_on = threading.Event()

    @queue.task(name="limited", concurrency=1, priority=5)
    def limited() -> None:
        assert go_on.wait(20)

    other = queue.task(name="other")(lambda: None)
    for _ in range(5):
        queue.enqueue(limited.s())
    worker = queue.worker(threads=2)
    worker.start()
    assert queue.wait(queue.enqueue(other.s()), timeout=20).state == "done"
    go_on.set()
    queue.drain(timeout=20)
    worker.stop(timeout=20)


def test_job_of_another_queue_object_is_heard_of(database: Database) -> None:
    queue, producer = JobQueue(database), JobQueue(database)
    for each in (queue, producer):
        each.task(name="one")(lambda: None)
    worker = queue.worker(threads=1)
    worker.start()
    late = producer.enqueue(producer.job("one"), delay=0.2)
    now = producer.enqueue(producer.job("one"))
    assert producer.wait(now, timeout=20).state == "done"
    assert producer.wait(late, timeout=20).state == "done"
    worker.stop(timeout=20)


def test_thread_that_dies_gets_a_successor(database: Database) -> None:
    queue = JobQueue(database)
    one = queue.task(name="one")(lambda: None)
    worker = queue.worker(threads=1)
    worker.start()
    queue.wait(queue.enqueue(one.s()), timeout=20)

    def die() -> int:
        raise SystemExit

    first = worker.threads[0]
    first.work = die  # type: ignore[method-assign]
    queue.storage.bell.ring_all()
    worker.worker_threads[0][1].join(20)
    assert not worker.check_worker_health()
    assert queue.wait(queue.enqueue(one.s()), timeout=20).state == "done"
    assert worker.threads[0] is not first
    worker.stop(timeout=20)


def test_an_added_duty_is_run_again_and_again_and_one_that_fails_stops_no_other(queue: JobQueue) -> None:
    ran: list[str] = []

    def broken() -> None:
        ran.append("broken")
        raise ValueError("no")

    queue.maintenance.append(Duty(0.0, broken))
    queue.maintenance.append(Duty(0.0, lambda: ran.append("works")))
    queue.maintenance.append(Duty(3600.0, lambda: ran.append("not yet")))
    maintenance = queue.worker().maintenance
    maintenance.tick()
    maintenance.tick()

    assert ran == ["broken", "works"] * 2


def running(bench: Bench, owner: int) -> tuple[Running, Maintenance, JobWorker]:
    """A job that the first thread of a worker runs, without its running."""
    queue = bench.queue
    job = queue.enqueue(queue.task(name="long")(lambda: None).s())
    with bench.database.write():
        claim = queue.storage.claim_one(job, owner, queue.lease)
        assert claim is not None
        bench.database.sql("UPDATE task SET started_at = 1 WHERE id = ?", (job,))
    attempt = Attempt(claim, queue.kinds["long"], queue.engine, owner, queue.lease, False)
    worker = queue.worker()
    current = CurrentJob(attempt, None, bench.stopping)
    return Running(current, claim, bench.clock() + queue.lease), worker.maintenance, worker


class Crew:
    workers = 1

    def __init__(self, bench: Bench, run: Running | None) -> None:
        self.thread = WorkerThread(bench.queue, bench.stopping)
        self.thread.running = run
        self.threads = [self.thread]
        self.replaced: list[WorkerThread] = []

    def check_worker_health(self) -> bool:
        return True

    def replace(self, hung: WorkerThread) -> None:
        self.replaced.append(hung)


def lease(bench: Bench) -> int:
    return int(bench.database.value("SELECT lease FROM task"))


def test_lease_is_extended_for_the_claim_that_runs_and_for_no_other(bench: Bench) -> None:
    run, _, _ = running(bench, bench.queue.owner.id)
    maintenance = Maintenance(bench.queue, bench.queue.periodic, Crew(bench, run))
    bench.clock.advance(20)
    maintenance._extend_leases()
    assert lease(bench) == bench.clock() + bench.queue.lease

    with bench.database.write():
        bench.database.sql("UPDATE task SET claims = claims + 1")  # another worker has it
    before = lease(bench)
    bench.clock.advance(20)
    maintenance._extend_leases()
    assert lease(bench) == before


def test_lease_that_is_far_ahead_because_the_clock_went_back_is_brought_near(bench: Bench) -> None:
    run, _, _ = running(bench, bench.queue.owner.id)
    maintenance = Maintenance(bench.queue, bench.queue.periodic, Crew(bench, run))
    bench.clock.advance(-3600)
    maintenance._extend_leases()
    assert lease(bench) == bench.clock() + bench.queue.lease


@pytest.mark.parametrize("asleep", [True, False])
def test_after_a_pause_of_the_machine_the_others_may_renew_their_leases_first(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, asleep: bool
) -> None:
    other = WorkerRegistration(bench.database, "default")
    running(bench, other.id)
    seconds = 1_000.0
    monkeypatch.setattr(maintenance_module.time, "monotonic", lambda: seconds)
    maintenance = Maintenance(bench.queue, bench.queue.periodic, Crew(bench, None))
    maintenance.tick()
    if asleep:
        bench.clock.advance(3600)
    else:  # it was awake: the lease ran out step by step
        for _ in range(40):
            bench.clock.advance(1)
            maintenance._notice_pause(seconds)
    seconds += 1.1
    maintenance.tick()
    assert bench.queue.state(1).state == ("running" if asleep else "waiting")
    for _ in range(4):
        seconds += 1.1
        bench.clock.advance(1.1)
        maintenance.tick()
    assert bench.queue.state(1).state == "waiting"
    other.close()


def test_news_is_checked_less_often_while_every_thread_works(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, _, _ = running(bench, bench.queue.owner.id)
    crew = Crew(bench, run)
    maintenance = Maintenance(bench.queue, bench.queue.periodic, crew)
    checks: list[int] = []
    monkeypatch.setattr(bench.queue.engine, "news", lambda: checks.append(1) or len(checks))
    for _ in range(2 * BUSY_TICKS):
        maintenance._check_version()
    assert len(checks) == 2
    crew.thread.running = None
    for _ in range(3):
        maintenance._check_version()
    assert len(checks) == 5


def test_a_thread_without_jobs_gives_back_its_memory_once(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = threading.Semaphore(0)
    monkeypatch.setattr(worker_module, "REST", 0.1)
    monkeypatch.setattr(database, "release_memory", released.release)
    queue = JobQueue(database)

    @queue.task(name="work")
    def work() -> None:
        pass

    worker = queue.worker(threads=1)
    worker.start()
    assert not released.acquire(timeout=2.5), "a thread that had nothing to do yet holds nothing"
    for _ in range(2):
        queue.wait(queue.enqueue(work.s()), timeout=20)
        assert released.acquire(timeout=20)
        assert not released.acquire(timeout=2.5), "it gave it back"
    assert worker.stop(timeout=20)
