from __future__ import annotations

from typing import Any

import pytest

from jobs import CurrentJob, current_job
from jobs.testing import Bench


def run(bench: Bench, body: Any, **options: Any) -> Any:
    """Run one job whose handler gets the current job."""

    @bench.queue.task(name="body", **options)
    def handler() -> None:
        job = current_job()
        assert isinstance(job, CurrentJob)
        body(job)

    job = bench.queue.enqueue(handler.s())
    bench.run()
    return bench.queue.state(job)


def test_fence_outside_of_a_transaction_is_a_mistake(bench: Bench) -> None:
    state = run(bench, lambda job: job.fence())
    assert state.state == "dead"
    assert "belongs inside database.write()" in str(state.error)


def test_final_transaction_cannot_begin_inside_another(bench: Bench) -> None:
    def body(job: CurrentJob) -> None:
        with bench.database.write():
            job.begin()

    state = run(bench, body)
    assert "cannot begin inside another one" in str(state.error)


@pytest.mark.parametrize("atomic", [True, False])
def test_begin_twice_is_begin_once(bench: Bench, atomic: bool) -> None:
    def body(job: CurrentJob) -> None:
        job.begin()
        job.begin()
        job.fence({"step": 1})

    state = run(bench, body, atomic=atomic)
    assert (state.state, state.progress) == ("done", {"step": 1})


def test_progress_is_shown_while_the_job_runs(bench: Bench) -> None:
    seen: list[Any] = []

    def body(job: CurrentJob) -> None:
        job.progress({"rows": 5, "of": 9})
        seen.append(bench.queue.state(job.id).progress)

    run(bench, body)
    assert seen == [{"rows": 5, "of": 9}]


def test_stopping_job_goes_back_without_a_failure(bench: Bench) -> None:
    def body(job: CurrentJob) -> None:
        bench.stopping.set()
        job.check()

    state = run(bench, body)
    assert (state.state, state.tries, state.failures, state.lost) == ("waiting", 1, 0, 0)
    bench.stopping.clear()


def test_fence_extends_the_lease(bench: Bench) -> None:
    leases: list[int] = []

    def body(job: CurrentJob) -> None:
        leases.append(bench.database.value("SELECT lease FROM task"))
        bench.clock.advance(20)
        with bench.database.write():
            job.fence()
        leases.append(bench.database.value("SELECT lease FROM task"))

    run(bench, body)
    assert leases[1] - leases[0] == 20_000_000
