"""What a handler may return and raise: whatever it does, its job has an end and the worker goes on."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest

from db import Database, DatabaseError
from jobs import SCHEMA, Abandoned, Duty, JobQueue, JobsError, Retry, current_job
from jobs.huey import group
from jobs.testing import Bench
from jobs.worker_thread import WorkerThread


class Leaving(BaseException):
    pass


def raises(error: BaseException) -> Callable[[], None]:
    def handler() -> None:
        raise error

    return handler


@pytest.mark.parametrize("atomic", [True, False])
@pytest.mark.parametrize(
    "error",
    [SystemExit(3), KeyboardInterrupt(), GeneratorExit(), Leaving("out")],
    ids=lambda error: type(error).__name__,
)
def test_whatever_a_handler_raises_is_a_failure_of_its_job(
    bench: Bench, error: BaseException, atomic: bool
) -> None:
    bad = bench.queue.task(name="bad", atomic=atomic, retries=Retry(1, base=0))(raises(error))
    good = bench.queue.task(name="good", atomic=atomic)(lambda: None)
    jobs = [bench.queue.enqueue(each.s()) for each in (good, bad, good)]

    bench.run()

    states = [bench.queue.state(job) for job in jobs]
    assert [state.state for state in states] == ["done", "dead", "done"]
    assert str(states[1].error).startswith(f"{type(error).__name__}")
    assert (states[1].tries, states[1].failures, states[1].lost) == (2, 2, 0)


def test_threads_of_a_worker_survive_handlers_that_want_to_end_them(database: Database) -> None:
    queue = JobQueue(database)
    bad = queue.task(name="bad")(raises(SystemExit(1)))
    good = queue.task(name="good")(lambda: None)
    worker = queue.worker(threads=2)
    worker.start()
    threads = [thread for _, thread in worker.worker_threads]
    for each in (bad, bad, bad, *[good] * 12):
        queue.enqueue(each.s())
    queue.drain(timeout=20)

    assert all(thread.is_alive() for thread in threads)
    worker.stop(timeout=20)
    assert database.sql("SELECT state, count(*) FROM task GROUP BY state") == [("dead", 3), ("done", 12)]


def test_hooks_receivers_and_duties_that_want_to_end_the_thread_do_not(bench: Bench) -> None:
    queue = bench.queue
    job = queue.enqueue(queue.task(name="one")(lambda: None).s())
    queue.pre_execute("leave")(lambda task: raises(SystemExit())())
    queue.events.subscribe(lambda signal: raises(SystemExit())())
    bench.run()
    assert queue.state(job).state == "dead"

    ran: list[int] = []
    queue.maintenance.append(Duty(0.0, raises(SystemExit())))
    queue.maintenance.append(Duty(0.0, lambda: ran.append(1)))
    queue.worker().maintenance.tick()
    assert ran == [1]


async def coroutine() -> int:
    return 1


def generator() -> Iterator[int]:
    yield 1


async def asynchronous() -> AsyncIterator[int]:
    yield 1


class Late:
    async def __call__(self) -> int:
        return 1


@pytest.mark.parametrize("function", [coroutine, Late()])
def test_function_that_is_to_be_awaited_is(bench: Bench, function: Any) -> None:
    job = bench.queue.enqueue(bench.queue.task(name="awaited")(function).s())
    bench.run()
    assert bench.queue.state(job).result == 1


@pytest.mark.parametrize("function", [generator, asynchronous])
def test_function_that_does_not_run_when_it_is_called_is_no_handler(bench: Bench, function: Any) -> None:
    with pytest.raises(TypeError, match=r"late cannot be a handler: it is a.* function"):
        bench.queue.task(name="late")(function)
    assert "late" not in bench.queue.kinds


@pytest.mark.parametrize("options", [{}, {"keep": False}, {"keep_result": False}, {"atomic": True}], ids=str)
@pytest.mark.parametrize("function", [coroutine, generator, asynchronous])
def test_what_has_not_run_is_never_done(bench: Bench, function: Any, options: dict[str, Any]) -> None:
    job = bench.queue.enqueue(bench.queue.task(name="late", retries=5, **options)(lambda: function()).s())
    bench.run()
    state = bench.queue.state(job)
    assert (state.state, state.tries) == ("dead", 1)
    assert "whose body has not run" in str(state.error)


@pytest.mark.parametrize("atomic", [True, False])
def test_result_that_is_no_json_is_a_failure_unless_results_are_not_kept(bench: Bench, atomic: bool) -> None:
    def write() -> object:
        with bench.database.write():
            bench.database.sql("INSERT INTO kv (queue, key, value) VALUES ('', hex(randomblob(8)), x'00')")
        return object()

    kept = bench.queue.enqueue(bench.queue.task(name="kept", atomic=atomic, retries=5)(write).s())
    bench.run()
    state = bench.queue.state(kept)
    assert (state.state, state.tries, state.result) == ("dead", 1, None)
    assert "the result of kept cannot be kept as JSON" in str(state.error)
    assert "keep_result=False" in str(state.error)
    assert bench.database.value("SELECT count(*) FROM kv") == int(not atomic)

    free = bench.queue.enqueue(bench.queue.task(name="free", atomic=atomic, keep_result=False)(write).s())
    bench.run()
    assert (bench.queue.state(free).state, bench.queue.state(free).result) == ("done", None)


def test_result_that_is_not_kept_still_goes_to_the_next_step(bench: Bench) -> None:
    given: list[int] = []
    first = bench.queue.task(name="first", keep_result=False)(lambda: 7)
    then = bench.queue.task(name="then")(given.append)
    job = bench.queue.enqueue(first.s().then(then))
    bench.run()
    assert given == [7]
    assert bench.queue.state(job).result is None


def test_chord_does_not_wait_for_a_member_whose_result_is_no_json(bench: Bench) -> None:
    ended: list[Any] = []
    bad = bench.queue.task(name="bad")(lambda: object())
    good = bench.queue.task(name="good")(lambda: 1)
    bench.queue.enqueue(
        group([bad.s(), good.s()]).then(bench.queue.task(name="end")(lambda all_: ended.append(len(all_))))
    )
    bench.run()
    assert ended == [2]


def test_periodic_task_of_huey_is_refused_with_the_way_to_do_it(bench: Bench) -> None:
    with pytest.raises(JobsError, match=r"@queue\.cron.*@queue\.every"):
        bench.queue.periodic_task(lambda at: True)(lambda: None)


def left_open(database: Database) -> None:
    database.write().__enter__()


def left_open_twice(database: Database) -> None:
    database.write().__enter__()
    database.write().__enter__()


def left_open_and_raised(database: Database) -> None:
    database.write().__enter__()
    raise ValueError("no")


def began_by_hand(database: Database) -> None:
    if not database.in_write():
        database.connection().execute("BEGIN IMMEDIATE")
    else:
        database.write().__enter__()


def rolled_back(database: Database) -> None:
    if database.connection().in_transaction:
        database.connection().execute("ROLLBACK")
    else:
        database.write().__enter__()


def committed(database: Database) -> None:
    with contextlib.suppress(apsw.Error):
        database.connection().execute("COMMIT")
    database.write().__enter__()


def released_the_savepoint(database: Database) -> None:
    database.connection().execute("RELEASE job")


def closed(database: Database) -> None:
    database.write().__enter__()
    database.close()


STRAYS = [
    left_open,
    left_open_twice,
    left_open_and_raised,
    began_by_hand,
    rolled_back,
    committed,
    released_the_savepoint,
    closed,
]


@pytest.mark.parametrize("kind", ["atomic", "begun", "other"])
@pytest.mark.parametrize("stray", STRAYS, ids=lambda stray: stray.__name__)
def test_transaction_that_a_handler_leaves_or_ends_fails_its_job_alone(
    database: Database, stray: Callable[[Database], None], kind: str
) -> None:
    queue = JobQueue(database)

    def body(bad: bool) -> None:
        job = current_job()
        assert job is not None
        if kind == "begun":
            job.begin()
        with database.write():
            database.sql(
                "INSERT INTO footprint (job, what) VALUES (?, ?)", (job.id, "bad" if bad else "good")
            )
        if bad:
            stray(database)

    handler = queue.task(name="work", atomic=kind == "atomic")(body)
    jobs = [queue.enqueue(handler.s(number == 2)) for number in range(6)]
    thread = WorkerThread(queue, threading.Event())
    thread._size = 64
    for _ in range(4):  # a group that is undone goes back, to run one by one
        with contextlib.suppress(DatabaseError, apsw.Error, Abandoned):
            thread.work()

    assert [queue.state(job).state for job in jobs] == ["done", "done", "dead", "done", "done", "done"]
    assert queue.state(jobs[2]).error is not None
    expected = {(job, "good") for job in jobs if job != jobs[2]}
    if kind == "other":
        expected.add((jobs[2], "bad"))  # committed by itself before
    assert set(database.sql("SELECT job, what FROM footprint")) == expected
    assert database.value("SELECT count(*) FROM footprint") == len(expected)
    assert not database.in_write() and not database.connection().in_transaction
    turn = threading.Thread(target=lambda: queue.enqueue(handler.s(False)))
    turn.start()
    turn.join(20)
    assert not turn.is_alive()


def test_handler_that_left_a_transaction_open_is_told_so(bench: Bench) -> None:
    job = bench.queue.enqueue(bench.queue.task(name="leaky")(lambda: left_open(bench.database)).s())
    bench.run()
    assert str(bench.queue.state(job).error).startswith(
        "leaky left a transaction open; what stood in it is rolled back"
    )


def test_connection_that_a_handler_closes_is_opened_again(tmp_path: Path) -> None:
    with Database.open(tmp_path / "queue.db", SCHEMA) as database, Bench(database) as bench:
        handler = bench.queue.task(name="closing")(lambda: bool(database.close()))
        jobs = [bench.queue.enqueue(handler.s()) for _ in range(3)]
        bench.run()
        assert [bench.queue.state(job).state for job in jobs] == ["done"] * 3


@pytest.mark.parametrize("atomic", [True, False])
def test_hook_that_leaves_a_transaction_open_does_not_take_the_turn_with_it(
    bench: Bench, atomic: bool
) -> None:
    left: list[int] = []

    def leave(*args: object) -> None:
        if not left:
            left.append(1)
            bench.database.write().__enter__()

    bench.queue.post_execute("leave")(leave)
    handler = bench.queue.task(name="one", atomic=atomic)(lambda: None)
    jobs = [bench.queue.enqueue(handler.s()) for _ in range(3)]
    for _ in range(2):
        with contextlib.suppress(Abandoned):
            bench.run()
    assert not bench.database.in_write()
    assert {bench.queue.state(job).state for job in jobs} <= {"done", "dead"}


def test_receivers_and_duties_that_leave_a_transaction_open_do_not_either(bench: Bench) -> None:
    queue = bench.queue
    queue.events.subscribe(lambda signal: left_open(bench.database))
    job = queue.enqueue(queue.task(name="one")(lambda: None).s())
    bench.run()
    assert queue.state(job).state == "done"
    assert not bench.database.in_write()

    queue.maintenance.append(Duty(0.0, lambda: left_open(bench.database)))
    queue.worker().maintenance.tick()
    assert not bench.database.in_write()
