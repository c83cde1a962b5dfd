"""A job whose handler runs elsewhere ends as if it had run where it was claimed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from db import Database
from jobs import (
    CurrentJob,
    DoNotRetry,
    JobQueue,
    Snooze,
    TimeLimitExceeded,
    accept_report,
    cancel_job,
    current_job,
    job_history,
    run_ticket,
    ticket_for,
)
from jobs.schema import SCHEMA
from jobs.testing import Bench


class Two:
    """A queue, and the queue of "another process": over another connection to the same file."""

    def __init__(self, path: Path) -> None:
        self.databases = [Database.open(path, SCHEMA), Database.open(path, SCHEMA)]
        self.bench = Bench(self.databases[0])
        self.databases[1].clock = self.bench.clock
        self.here, self.there = self.bench.queue, JobQueue(self.databases[1])
        self.reports: list[str] = []
        self.here.middleware(self.run)

    def run(self, job: CurrentJob, call: Callable[[], Any]) -> Any:
        """The middleware."""
        self.reports.append(run_ticket(self.there, ticket_for(job), job.stopping))
        return accept_report(self.here, job, self.reports[-1])

    def task(self, handler: Callable[..., Any], **options: Any) -> Any:
        """Declare a handler on both."""
        self.there.task(name="work", **options)(handler)
        return self.here.task(name="work", **options)(handler)


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Two]:
    two = Two(tmp_path / "queue.db")
    yield two
    two.bench.close()
    for each in two.databases:
        each.close_all()


def test_it_runs_there_with_its_arguments_and_its_result_is_kept_here(two: Two) -> None:
    def work(left: int, right: int = 0) -> dict[str, int]:
        job = current_job()
        assert job is not None
        assert (job.name, job.tries, job.attempt.database) == ("work", 1, two.databases[1])
        job.progress({"half": left})
        return {"sum": left + right}

    number = two.task(work).enqueue(2, right=3)
    (state,) = two.bench.run()
    assert (state.state, state.result, state.progress) == ("done", {"sum": 5}, {"half": 2})
    assert [each.event for each in job_history(two.databases[0], number)] == ["enqueued", "started", "done"]
    assert len(two.reports) == 1


def test_a_failure_there_is_tried_again_and_told_with_its_traceback(two: Two) -> None:
    def work() -> None:
        raise KeyError("its_own_words")

    number = two.task(work, retries=1, retry_delay=5).enqueue()
    (state,) = two.bench.run()
    assert (state.state, state.error) == ("scheduled", "KeyError: 'its_own_words'")
    (state,) = two.bench.advance(5, run=True)
    assert (state.state, state.error) == ("dead", "KeyError: 'its_own_words'")
    detail = job_history(two.databases[0], number)[-1].detail
    assert detail is not None and "test_apart.py" in detail and "in work" in detail


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (DoNotRetry("never again"), "dead"),
        (Snooze(60), "scheduled"),
        (TimeLimitExceeded("ran too long"), "scheduled"),
    ],
    ids=lambda each: type(each).__name__ if isinstance(each, Exception) else each,
)
def test_what_the_queue_understands_is_understood_from_there(two: Two, error: Exception, state: str) -> None:
    def work() -> None:
        raise error

    number = two.task(work, retries=3, retry_delay=9).enqueue()
    two.bench.run()
    found = two.here.state(number)
    assert found.state == state
    assert found.failures == {"DoNotRetry": 1, "Snooze": 0, "TimeLimitExceeded": 1}[type(error).__name__]


def test_a_stop_sends_it_back_and_a_request_to_cancel_ends_it(two: Two) -> None:
    def work() -> None:
        job = current_job()
        assert job is not None
        do(job)
        job.check()

    def stopped(job: CurrentJob) -> None:
        two.bench.stopping.set()

    def canceled(job: CurrentJob) -> None:
        cancel_job(two.databases[0], job.id)
        job.progress("asked")

    do = stopped
    number = two.task(work).enqueue()
    two.bench.run()
    assert two.here.state(number).state == "waiting"
    two.bench.stopping.clear()
    do = canceled
    two.bench.run()
    assert two.here.state(number).state == "canceled"


def test_what_was_taken_over_is_fenced_off_there(two: Two) -> None:
    def work() -> None:
        job = current_job()
        assert job is not None
        if job.claims == 1:
            with two.databases[0].write():
                two.databases[0].sql("UPDATE task SET claims = claims + 1 WHERE id = ?", (job.id,))
            with two.databases[1].write():
                two.databases[1].sql("INSERT INTO kv (queue, key, value) VALUES ('q', 'doubled', x'00')")
                job.fence()

    heard: list[str] = []
    two.here.events.subscribe(lambda signal: heard.append(signal.event))
    two.task(work).enqueue()
    two.bench.run()
    assert heard == ["lease lost"]
    assert two.databases[0].value("SELECT count(*) FROM kv WHERE key = 'doubled'") == 0


def test_it_cannot_write_together_with_its_end(two: Two) -> None:
    def work() -> None:
        job = current_job()
        assert job is not None
        job.begin()

    two.task(work).enqueue()
    (state,) = two.bench.run()
    assert state.state == "dead" and "apart from its worker" in state.error

    @two.here.task(name="whole", atomic=True)
    def whole() -> None:
        raise AssertionError("it runs in the transaction that ends it, or not at all")

    whole.enqueue()
    (state,) = two.bench.run()
    assert state.state == "dead" and "is atomic" in state.error


def test_a_result_that_is_no_json_is_a_failure(two: Two) -> None:
    two.task(lambda: {1, 2}).enqueue()
    (state,) = two.bench.run()
    assert state.state == "dead" and "the result of work cannot be kept as JSON" in state.error


def test_where_the_other_process_dies_the_job_is_freed_and_dead_after_the_third_time(two: Two) -> None:
    two.here.around = None
    two.here.middleware(lambda job, call: accept_report(two.here, job, ""))
    number = two.here.task(name="work", retries=5)(lambda: None).enqueue()
    states = []
    for _ in range(3):
        two.bench.run(1)
        states.append(two.here.state(number))
    assert [(each.state, each.lost) for each in states] == [("waiting", 1), ("waiting", 2), ("dead", 3)]
    assert [each.id for each in two.here.killers("work")] == [number]
    assert "its worker died" in str(states[-1].error)


def test_an_answer_that_makes_no_sense_is_a_failure_of_the_job(two: Two) -> None:
    two.here.around = None
    two.here.middleware(lambda job, call: accept_report(two.here, job, '["nonsense", 1, null]'))
    two.here.task(name="work")(lambda: None).enqueue()
    (state,) = two.bench.run()
    assert state.state == "dead" and isinstance(state.error, str)
