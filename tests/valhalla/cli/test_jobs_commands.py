"""``valhalla jobs`` on a real home."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from jobs import JobQueue, list_queues, show_job
from valhalla.program.database import open_database


@pytest.fixture
def jobs(home: Path) -> list[int]:
    """Three jobs in the home's file: one waits, one is dead, one is done."""
    with open_database(home / "valhalla.db") as database:
        queue = JobQueue(database)
        task = queue.task(name="import.file")(lambda *args: None)
        numbers = [int(queue.enqueue(task.s(f"list-{number}.csv"))) for number in range(3)]
        with database.write():
            database.sql(
                "UPDATE task SET state = 'dead', finished_at = 1, error = 'no such file' WHERE id = ?",
                (numbers[1],),
            )
            database.sql("UPDATE task SET state = 'done', finished_at = 1 WHERE id = ?", (numbers[2],))
    return numbers


def state(home: Path, job: int) -> str:
    with open_database(home / "valhalla.db") as database:
        return show_job(database, job).state


def test_list_as_json_has_the_promised_keys(jobs: list[int], command: Any) -> None:
    (job,) = command("jobs", "list", "--json", "--state", "dead", code=0).json
    assert {"id", "name", "queue", "state", "tries", "priority", "due", "error"} <= set(job)
    assert (job["id"], job["state"], job["error"]) == (jobs[1], "dead", "no such file")


def test_list_searches_and_shows_a_table(jobs: list[int], command: Any) -> None:
    out = command("jobs", "list", "--search", "list-0", code=0).out
    assert "waiting" in out
    assert "dead" not in out
    assert "not a state of a job" in command("jobs", "list", "--state", "nonsense", code=2).err


def test_show_tells_the_history(jobs: list[int], command: Any) -> None:
    shown = command("jobs", "show", str(jobs[0]), "--json", code=0).json
    assert [event["event"] for event in shown["history"]] == ["enqueued"]
    assert "list-0.csv" in command("jobs", "show", str(jobs[0]), code=0).out
    assert "no job 999" in command("jobs", "show", "999", code=1).err


def test_retry_and_cancel(jobs: list[int], home: Path, command: Any) -> None:
    command("jobs", "retry", str(jobs[1]), code=0)
    assert state(home, jobs[1]) == "waiting"
    assert "done already" in command("jobs", "cancel", str(jobs[0]), str(jobs[2]), code=1).err
    assert state(home, jobs[0]) == "canceled"


def test_pause_and_resume(jobs: list[int], home: Path, command: Any) -> None:
    command("jobs", "pause", "default", "--reason", "moving house", code=0)
    with open_database(home / "valhalla.db") as database:
        (queue,) = list_queues(database)
    assert (queue.paused, queue.reason) == (True, "moving house")
    command("jobs", "resume", code=0)


def test_prune(jobs: list[int], command: Any) -> None:
    assert command("jobs", "prune", "--older-than", "1d", "--json", code=0).json == {"pruned": 1}
    assert "not an age" in command("jobs", "prune", "--older-than", "soon", code=2).err
