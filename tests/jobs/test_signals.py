from __future__ import annotations

import logging
from typing import Any

import pytest
from huey import signals as S

from db import Database
from jobs import JobSignal
from jobs.testing import Bench


@pytest.mark.parametrize("atomic", [True, False])
def test_every_end_is_told_with_its_correlation(atomic: bool) -> None:
    heard: list[JobSignal] = []
    with Bench() as bench:

        @bench.queue.task(name="job", atomic=atomic, retries=1, retry_delay=0)
        def job(good: bool) -> None:
            if not good:
                raise ValueError("no")

        bench.queue.events.subscribe(heard.append)
        good = bench.queue.enqueue(job.s(True))
        bad = bench.queue.enqueue(job.s(False), correlation_id="cycle-3")
        bench.run()

    mine = [(signal.event, signal.correlation_id, signal.reason) for signal in heard if signal.job_id == bad]
    assert mine == [("retry", "cycle-3", "ValueError: no"), ("dead", "cycle-3", "ValueError: no")]
    assert [(signal.event, signal.correlation_id) for signal in heard if signal.job_id == good] == [
        ("done", f"job-{good}")
    ]
    assert [signal.severity for signal in heard if signal.job_id == bad] == ["warning", "error"]


def test_signals_come_after_the_commit() -> None:
    with Bench() as bench:
        states: list[str] = []
        job = bench.queue.enqueue(bench.queue.task(name="job", atomic=True)(lambda: None).s())
        bench.queue.events.subscribe(lambda signal: states.append(bench.queue.state(signal.job_id).state))
        bench.queue.signal(S.SIGNAL_COMPLETE)(
            lambda name, task: states.append(f"{bench.database.in_write()}")
        )
        bench.run()
        assert sorted(states) == ["False", "done"]
        assert bench.queue.state(job).state == "done"


def test_receiver_that_fails_stops_nobody(caplog: pytest.LogCaptureFixture) -> None:
    heard: list[JobSignal] = []

    def bad(signal: JobSignal) -> None:
        raise RuntimeError

    with Bench() as bench, caplog.at_level(logging.ERROR, "jobs"):
        bench.queue.events.subscribe(bad)
        end = bench.queue.events.subscribe(heard.append)
        task = bench.queue.task(name="job")(lambda: None)
        bench.queue.enqueue(task.s())
        bench.run()
        end()
        bench.queue.enqueue(task.s())
        (state,) = bench.run()

    assert state.state == "done"
    assert len(heard) == 1
    assert "receiver" in caplog.text


def test_huey_hooks_and_signals_work_as_in_huey() -> None:
    heard: list[Any] = []
    with Bench() as bench:
        queue = bench.queue
        queue.signal()(lambda name, task, *args: heard.append(name))
        queue.pre_execute("before")(lambda task: heard.append("before"))
        queue.post_execute("after")(lambda task, value, error: heard.append(("after", value)))
        queue.enqueue(queue.task(name="job")(lambda: 5).s())
        bench.run()
    assert heard == ["enqueued", "executing", "before", ("after", 5), "complete"]


def test_database_is_a_real_one() -> None:
    with Bench() as bench:
        assert isinstance(bench.database, Database)
        assert bench.queue.immediate is False
