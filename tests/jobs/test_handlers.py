"""What a handler may return and raise: whatever it does, its job has an end and the worker goes on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from db import Database
from jobs import Duty, JobQueue, JobsError, Retry
from jobs.huey import group
from jobs.testing import Bench


@pytest.fixture
def bench() -> Iterator[Bench]:
    with Bench() as bench:
        yield bench


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


@pytest.mark.parametrize("function", [coroutine, generator, asynchronous, Late()])
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
