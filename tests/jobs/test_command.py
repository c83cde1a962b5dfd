"""The command ``valhalla-queue``."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from jobs import JobQueue, command, seal_events
from jobs.command import main

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A queue with one dead job."""
    path = tmp_path / "app.db"
    with JobQueue.open(path) as queue:

        @queue.task
        def fails() -> None:
            raise ValueError("never")

        job = fails.enqueue()
        worker = queue.worker()
        worker.start()
        assert queue.wait(job, timeout=30).state == "dead"
        assert worker.stop(timeout=10)
        seal_events(queue.database)
    return path


def test_dead_job_is_listed_and_put_back(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", str(file), "--state", "dead"]) == 0
    assert "fails" in capsys.readouterr().out
    assert main(["retry", str(file), "1"]) == 0
    capsys.readouterr()
    assert main(["list", str(file), "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["id"], row["state"]) == (1, "waiting")


def test_proof_and_its_violation(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prove", str(file)]) == 0
    assert "holds" in capsys.readouterr().out
    with JobQueue.open(file) as queue:
        with queue.transaction() as database:
            database.sql(
                "INSERT INTO job_event (task_id, at, event, claim, worker) VALUES (1, 0, 'done', 1, 1)"
            )
        seal_events(queue.database)
    assert main(["prove", str(file)]) == 1
    assert "job 1 ended after it had ended" in capsys.readouterr().out
    assert main(["prove", str(file), "--json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert (answer["holds"], [each["job"] for each in answer["violations"]]) == (False, [1])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["list", "absent.db"], "absent.db does not exist"),
        (["prove", "other.db"], "holds no queue"),
        (["prove", "text.db"], "text.db"),
        (["retry", "app.db", "99"], "there is no job 99"),
        (["work", "nowhere:queue"], "nowhere cannot be imported"),
        (["work", "json:loads"], "is not a queue"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    arguments: list[str],
    words: str,
    file: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from db import Database

    monkeypatch.chdir(file.parent)
    Database.open(file.parent / "other.db").close_all()
    (file.parent / "text.db").write_text("not a database at all " * 99, encoding="utf-8")
    assert main(arguments) == 2
    said = capsys.readouterr().err
    assert words in said and said.count("\n") == 1


@pytest.mark.skipif(os.name == "nt", reason="Ctrl+C reaches the whole console there")
def test_work_runs_jobs_until_it_is_told_to_end(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(
        "from jobs import JobQueue\nqueue = JobQueue.open('app.db')\n@queue.task\ndef add(a, b):\n    return a + b\n",
        encoding="utf-8",
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "jobs.command", "work", "app:queue", "--threads", "2"]
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, encoding="utf-8"
    ) as process:
        assert process.stdout is not None
        assert "app.db" in process.stdout.readline()
        with JobQueue.open(tmp_path / "app.db") as queue:
            add = queue.task(name="add")(lambda a, b: None)
            assert queue.wait(add.enqueue(2, 3), timeout=30).result == 5
        process.send_signal(signal.SIGINT)
        assert process.stdout.read() == "stopped\n"
    assert process.returncode == 0


def test_the_queue_of_this_folder_counts_before_one_of_the_same_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"shop_{os.getpid()}"
    for folder in ("here", "elsewhere"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / f"{name}.py").write_text(
            f"from jobs import JobQueue\nqueue = JobQueue.open('{folder}.db')\n"
        )
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setattr(sys, "path", [str(tmp_path / "elsewhere"), *sys.path])
    queue = command._queue(name)
    try:
        assert queue.database.path is not None and queue.database.path.name == "here.db"
    finally:
        queue.close()
        del sys.modules[name]
