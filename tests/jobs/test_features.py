"""What handlers may ask of the queue: pauses, rates, order, batches, event loops, encryption, traces."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest
from cryptography.fernet import Fernet
from opentelemetry import trace

from db import Database
from jobs import CurrentJob, JobQueue, PayloadError, Snooze, current_job, prove, seal_events
from jobs.testing import Bench
from jobs.tracing import instrument


def states(bench: Bench, *numbers: int) -> list[str]:
    return [bench.queue.state(each).state for each in numbers]


def test_snoozed_job_begins_again_later_without_a_failure() -> None:
    with Bench() as bench:
        tries: list[int] = []

        @bench.queue.task
        def waits() -> None:
            job = current_job()
            assert job is not None
            tries.append(job.tries)
            if len(tries) < 3:
                job.snooze(60)

        number = waits.enqueue()
        bench.run()
        asleep = bench.queue.state(number)
        assert (asleep.state, asleep.failures, asleep.error) == ("scheduled", 0, "snoozed for 60 s")
        bench.advance(59)
        assert bench.run() == []
        bench.advance(1)
        bench.run()
        bench.advance(60)
        bench.run()
        assert (states(bench, number), tries) == (["done"], [1, 2, 3])
        for wrong in (-1, float("nan"), 1e12):
            with pytest.raises(ValueError, match="seconds"):
                Snooze(wrong)


def test_result_that_is_too_long_is_a_failure_that_names_its_length() -> None:
    with Bench() as bench:

        @bench.queue.task(max_result=10, retries=3)
        def tells(length: int) -> str:
            return "x" * length

        fits, long = tells.enqueue(8), tells.enqueue(9)
        bench.run()
        assert states(bench, fits, long) == ["done", "dead"]
        assert "has 11 characters and may have 10" in str(bench.queue.state(long).error)


def test_middleware_stands_around_each_handler_the_first_outermost() -> None:
    with Bench() as bench:
        order: list[str] = []

        @bench.queue.middleware
        def outer(job: CurrentJob, run: Any) -> Any:
            order.append(f"outer {job.name}")
            return f"<{run()}>"

        @bench.queue.middleware
        def inner(job: CurrentJob, run: Any) -> Any:
            order.append("inner")
            return run()

        @bench.queue.task
        def plain() -> str:
            return "text"

        number = plain.enqueue()
        bench.run()
        assert (order, bench.queue.state(number).result) == (["outer plain", "inner"], "<text>")
        assert plain.call_local() == "text"


def test_coroutine_runs_on_the_loop_of_its_thread_and_is_interrupted_at_its_limit(database: Database) -> None:
    queue = JobQueue(database)
    loops: dict[int, set[int]] = {}

    @queue.task
    async def fetch(number: int) -> int:
        await asyncio.sleep(0)
        job = current_job()
        assert job is not None and job.name == "fetch"
        loops.setdefault(threading.get_ident(), set()).add(id(asyncio.get_running_loop()))
        return number * 2

    @queue.task(time_limit=0.01)
    async def hangs() -> None:
        await asyncio.Event().wait()

    jobs = [fetch.enqueue(number) for number in range(20)]
    hung = hangs.enqueue()
    worker = queue.worker(threads=3)
    worker.start()
    assert [job.wait(30).result for job in jobs] == [number * 2 for number in range(20)]
    assert "longer than its limit" in str(hung.wait(30).error)
    worker.stop()
    assert all(len(each) == 1 for each in loops.values())


def test_rate_admits_so_many_in_any_window_over_all_workers() -> None:
    with Bench() as bench:
        began: list[int] = []

        @bench.queue.task(rate=(3, 10))
        def calls() -> None:
            began.append(bench.clock() // 1_000_000)

        @bench.queue.task
        def others() -> None:
            pass

        jobs = [calls.enqueue() for _ in range(8)]
        other = others.enqueue()
        bench.run()
        assert states(bench, *jobs) == ["done"] * 3 + ["waiting"] * 5
        assert states(bench, other) == ["done"]
        second = JobQueue(bench.database)  # as another process sees it
        second.task(name="calls", rate=(3, 10))(lambda: None)
        assert second.storage.claim(10, second.owner.id, second.lease) == []
        second.close()
        bench.advance(25, run=True)
        first = began[0]
        assert [each - first for each in began] == [0, 0, 0, 10, 10, 10, 20, 20]
        for wrong in ((0, 1), (1, 0), (1, 100_000)):
            with pytest.raises(ValueError, match="a rate is"):
                bench.queue.task(name="wrong", rate=wrong)


def test_what_follows_a_batch_begins_once_when_all_have_ended_however() -> None:
    with Bench(max_lost=1) as bench:
        seen: list[dict[str, int]] = []

        @bench.queue.task
        def part(number: int) -> None:
            if number == 1:
                raise ValueError("one")

        @bench.queue.task(keep=False)
        def unkept() -> None:
            pass

        @bench.queue.task
        def report(month: str, came: dict[str, int]) -> None:
            assert month == "May"
            seen.append(came)

        with bench.queue.batch(report.s("May")) as batch:
            jobs = [part.enqueue(number) for number in range(3)]
            late = part.enqueue(3, delay=60)
            unkept.enqueue()
        assert batch.job is not None
        bench.run()
        assert states(bench, *jobs, batch.job) == ["done", "dead", "done", "scheduled"]
        bench.queue.jobs.cancel(late)
        bench.run()
        bench.run()
        assert seen == [{"jobs": 5, "done": 3, "dead": 1, "canceled": 1}]
        with bench.queue.batch(report.s("May")):
            pass
        with pytest.raises(RuntimeError), bench.queue.batch(report.s("May")):
            part.enqueue(7)
            raise RuntimeError("no")
        bench.run()
        assert seen[1:] == [{"jobs": 0, "done": 0}]
        seal_events(bench.database)
        assert prove(bench.database).violations == []


def test_steps_of_a_workflow_go_on_where_they_stopped() -> None:
    with Bench() as bench:
        broken, order = True, []

        @bench.queue.task
        def step(name: str) -> str:
            if name == "right" and broken:
                raise ValueError("not yet")
            order.append(name)
            return name

        first = step.enqueue("first")
        left, right = step.enqueue("left", after=[first]), step.enqueue("right", after=[first])
        last = step.enqueue("last", after=[left, right])
        bench.run()
        assert (order, states(bench, right, last)) == (["first", "left"], ["dead", "scheduled"])
        broken = False
        bench.queue.jobs.retry(right)
        bench.run()
        assert order == ["first", "left", "right", "last"]
        canceled = step.enqueue("canceled", delay=5)
        held = step.enqueue("held", after=[canceled])
        further = step.enqueue("further", after=[held])
        bench.queue.jobs.cancel(canceled)
        bench.run()
        bench.run()
        assert states(bench, held, further) == ["canceled", "canceled"]
        assert f"job {canceled}, which it waits for" in str(bench.queue.jobs.history(held)[-1].reason)
        with pytest.raises(ValueError, match="neither delay nor eta"):
            step.enqueue("both", after=[first], delay=1)


def test_worker_releases_what_was_held(database: Database) -> None:
    queue = JobQueue(database)
    step = queue.task(name="step")(lambda: None)
    first = step.enqueue()
    last = step.enqueue(after=[step.enqueue(after=[first])])
    worker = queue.worker(threads=2)
    worker.start()
    assert last.wait(30).state == "done"
    worker.stop()


def test_encrypted_queue_keeps_neither_arguments_nor_results_in_words() -> None:
    with Bench() as bench:
        bench.queue.cipher = Fernet(Fernet.generate_key())

        @bench.queue.task
        def greet(name: str) -> str:
            return f"Hello {name}"

        @bench.queue.task
        def shout(what: str, text: str) -> str:
            return text.upper()

        number = bench.queue.enqueue(greet.s("Alberta").then(shout, "what"))
        bench.queue.enqueue_many(greet, [("Alberta",)])
        bench.run()
        found = {each.name: bench.queue.state(each.id) for each in bench.queue.jobs.find()}
        assert (found["greet"].result, found["shout"].result) == ("Hello Alberta", "HELLO ALBERTA")
        assert "alberta" not in str(bench.database.sql("SELECT * FROM task")).lower()
        bench.queue.jobs.retry(number)
        bench.queue.cipher = Fernet(Fernet.generate_key())
        bench.run()
        assert "another key" in str(bench.queue.jobs.show(number).error)
        bench.queue.cipher = None
        bench.queue.jobs.retry(number)
        bench.run()
        assert "without a cipher" in str(bench.queue.jobs.show(number).error)
        with pytest.raises(PayloadError):
            greet.enqueue(object())


def test_trace_of_the_one_who_enqueues_goes_on_in_the_job() -> None:
    with Bench() as bench:
        instrument(bench.queue)
        seen: list[int] = []

        @bench.queue.task
        def traced() -> None:
            seen.append(trace.get_current_span().get_span_context().trace_id)

        caller = trace.SpanContext(0xABC, 0x1, is_remote=False, trace_flags=trace.TraceFlags(1))
        with trace.use_span(trace.NonRecordingSpan(caller)):
            traced.enqueue()
            bench.queue.enqueue_many(traced, [()])
        traced.enqueue()
        bench.run()
        assert seen == [0xABC, 0xABC, 0]
