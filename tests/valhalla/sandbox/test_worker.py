"""Jobs run in the background, say how they stand, and survive where they can."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from db import Database
from valhalla.program.database import memory_database
from valhalla.sandbox import AlertSystem, WorkerProcess


@pytest.fixture
def worker() -> Iterator[WorkerProcess]:
    worker = WorkerProcess(max_workers=2)
    worker.start()
    yield worker
    worker.close()


def outcome(worker: WorkerProcess, job_id: int, eventually: Callable) -> dict[str, object]:
    eventually(lambda: worker.get_job_status(job_id)["status"] in ("completed", "failed"))  # type: ignore[index]
    status = worker.get_job_status(job_id)
    assert status is not None
    return status


def test_a_job_is_pending_running_completed(eventually: Callable) -> None:
    worker, inside, go_on = WorkerProcess(), threading.Event(), threading.Event()

    def job(one: int, two: int) -> int:
        inside.set()
        go_on.wait(30)
        return one + two

    job_id = worker.submit_job("add", job, 1, two=2)
    status = worker.get_job_status(job_id)
    assert status is not None and (status["name"], status["status"]) == ("add", "pending")
    assert not worker.is_running and worker.queue_length() == 1
    worker.start()
    worker.start()
    assert worker.is_running
    inside.wait(30)
    assert worker.get_job_status(job_id)["status"] == "running"  # type: ignore[index]
    go_on.set()
    status = outcome(worker, job_id, eventually)
    assert status["result"] == 3 and status["timestamp"] and worker.completed() == 1
    worker.close()


def test_a_job_that_raises_fails_and_is_told(eventually: Callable) -> None:
    with memory_database() as database:
        alerts = AlertSystem(database=database)
        worker = WorkerProcess(database=database, alerts=alerts)
        worker.start()
        status = outcome(worker, worker.submit_job("divide", lambda: 1 / 0), eventually)
        assert status["status"] == "failed" and "division by zero" in str(status["error"])
        eventually(lambda: alerts.alerts)
        assert alerts.alerts[0]["task"] == "job:divide" and "division" in alerts.alerts[0]["reason"]
        worker.close()


async def not_run() -> int:
    return 1


def test_a_callable_that_only_returns_a_coroutine_is_not_completed(
    worker: WorkerProcess, eventually: Callable
) -> None:
    status = outcome(worker, worker.submit_job("late", not_run), eventually)
    assert status["status"] == "failed" and "has not run" in str(status["error"])


def test_an_unknown_id_is_none(worker: WorkerProcess) -> None:
    assert worker.get_job_status(12345) is None
    assert worker.get_job_status("what") is None  # type: ignore[arg-type]


@pytest.mark.parametrize("result", [None, "text", [1, 2], (1, 2), {"a": {1}}, object()])
def test_any_result_comes_back(worker: WorkerProcess, result: object, eventually: Callable) -> None:
    assert outcome(worker, worker.submit_job("give", lambda: result), eventually)["result"] == result


def test_stop_lets_what_runs_finish_and_keeps_what_waits(eventually: Callable) -> None:
    worker, inside, go_on = WorkerProcess(), threading.Event(), threading.Event()
    worker.start()
    first = worker.submit_job("first", lambda: (inside.set(), go_on.wait(30)) and "done")
    second = worker.submit_job("second", lambda: "later")
    inside.wait(30)
    stopping = threading.Thread(target=worker.stop)
    stopping.start()
    go_on.set()
    stopping.join(30)
    assert not worker.is_running
    assert worker.get_job_status(first)["status"] == "completed"  # type: ignore[index]
    assert worker.get_job_status(second)["status"] == "pending"  # type: ignore[index]
    worker.start()
    assert outcome(worker, second, eventually)["result"] == "later"
    worker.close()


def test_fifty_submitters_fifty_results(
    worker: WorkerProcess, together: Callable[..., list[int]], eventually: Callable
) -> None:
    ids = together(50, lambda number: worker.submit_job("square", lambda: number * number))
    assert len(set(ids)) == 50
    assert [outcome(worker, job_id, eventually)["result"] for job_id in ids] == [n * n for n in range(50)]


def test_jobs_of_a_registered_handler_are_run_by_another_process(
    file: Database, process: Callable, eventually: Callable
) -> None:
    worker = WorkerProcess(database=file)
    worker.register("double", lambda number: number * 2)
    job_id = worker.submit_job("double", lambda: None, 21)
    other = process(
        """
from valhalla.sandbox import WorkerProcess
worker = WorkerProcess(database=database)
worker.register("double", lambda number: number * 2)
worker.start()
sys.stdin.readline()
worker.close()
"""
    )
    assert outcome(worker, job_id, eventually)["result"] == 42
    other.say("")
    assert other.wait() == 0
    assert worker.get_job_status(job_id)["name"] == "double"  # type: ignore[index]
    worker.close()


def test_a_callable_whose_process_ended_fails_as_such(
    file: Database, process: Callable, eventually: Callable
) -> None:
    other = process(
        """
from valhalla.sandbox import WorkerProcess
worker = WorkerProcess(database=database)
print(int(worker.submit_job("mail", print)), flush=True)
sys.stdin.readline()
"""
    )
    job_id = int(other.hear())
    worker = WorkerProcess(database=file)
    assert worker.get_job_status(job_id)["status"] == "pending"  # type: ignore[index]
    other.kill()
    worker.start()
    status = outcome(worker, job_id, eventually)
    assert (
        status["status"] == "failed" and "process ended" in str(status["error"]) and status["name"] == "mail"
    )
    worker.close()


def test_no_workers_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        WorkerProcess(max_workers=0)
