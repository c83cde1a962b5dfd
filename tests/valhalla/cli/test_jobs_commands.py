"""``valhalla jobs`` on a real home."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jobs import JobQueue, list_queues, show_job
from valhalla.cli.entry import run
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


def test_list_as_json_has_the_promised_keys(jobs: list[int], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["jobs", "list", "--json", "--state", "dead"]) == 0
    (job,) = json.loads(capsys.readouterr().out)
    assert {"id", "name", "queue", "state", "tries", "priority", "due", "error"} <= set(job)
    assert (job["id"], job["state"], job["error"]) == (jobs[1], "dead", "no such file")


def test_list_searches_and_shows_a_table(jobs: list[int], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["jobs", "list", "--search", "list-0"]) == 0
    out = capsys.readouterr().out
    assert "waiting" in out
    assert "dead" not in out
    assert run(["jobs", "list", "--state", "nonsense"]) == 2
    assert "not a state of a job" in capsys.readouterr().err


def test_show_tells_the_history(jobs: list[int], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["jobs", "show", str(jobs[0]), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert [event["event"] for event in shown["history"]] == ["enqueued"]
    assert run(["jobs", "show", str(jobs[0])]) == 0
    assert "list-0.csv" in capsys.readouterr().out
    assert run(["jobs", "show", "999"]) == 1
    assert "no job 999" in capsys.readouterr().err


def test_retry_and_cancel(jobs: list[int], home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["jobs", "retry", str(jobs[1])]) == 0
    assert state(home, jobs[1]) == "waiting"
    assert run(["jobs", "cancel", str(jobs[0]), str(jobs[2])]) == 1
    assert "done already" in capsys.readouterr().err
    assert state(home, jobs[0]) == "canceled"


def test_pause_and_resume(jobs: list[int], home: Path) -> None:
    assert run(["jobs", "pause", "default", "--reason", "moving house"]) == 0
    with open_database(home / "valhalla.db") as database:
        (queue,) = list_queues(database)
    assert (queue.paused, queue.reason) == (True, "moving house")
    assert run(["jobs", "resume"]) == 0


def test_prune(jobs: list[int], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["jobs", "prune", "--older-than", "1d", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"pruned": 1}
    assert run(["jobs", "prune", "--older-than", "soon"]) == 2
    assert "not an age" in capsys.readouterr().err
