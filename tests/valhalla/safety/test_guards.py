"""When the ground gives way: a full disk, a clock set back, a home that may not be written. Named, and nothing lost."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from db import Database
from db.errors import DiskFull
from jobs.testing import FakeClock
from valhalla.effects import live, register
from valhalla.intake.passes import Importing
from valhalla.program import settings
from valhalla.program.home import Home
from valhalla.safety import guards, readiness
from valhalla.safety.guards import Safety
from valhalla.sandbox import AlertSystem
from valhalla.scoring.opening import open_home
from valhalla.service import production
from valhalla.service.whole import WholeProgram

ADD_RUN = "INSERT INTO run (pid, version, settings, started_at) VALUES (1, 'test', '{}', 0) RETURNING id"


def guarded(database: Database, home: Path) -> Safety:
    with database.write():
        run_id = database.value(ADD_RUN)
    return WholeProgram(database, Home(home)).guard(settings.effective(database), run_id)


def test_a_full_disk_holds_effects_back_and_keeps_them(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_home(Home(home)) as database:
        guard = guarded(database, home)
        guard.begin(is_live=True)
        number = register.draft(database, "webhook", "http://127.0.0.1:1/", {"a": 1}, about="x")["id"]
        register.approve(database, number)
        monkeypatch.setattr(guards.shutil, "disk_usage", lambda path: SimpleNamespace(free=0))
        assert guard.effects.run(number) == "blocked"
        effect = register.show(database, number)
        assert effect["reason"] == "not ready: the disk is full" and effect["payload"] == {"a": 1}
        monkeypatch.undo()
        register.put_back(database, number)
        assert guard.effects.run(number) == "approved", "tried later: nobody listens there"
        guard.end()


def test_a_file_that_cannot_be_written_is_a_named_error_and_the_draft_stays(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_home(Home(home)) as database:
        number = register.draft(database, "webhook", "http://x", {"a": 1}, about="x")["id"]

        def full(durable: bool = False) -> Any:
            raise DiskFull("the disk is full")

        monkeypatch.setattr(database, "write", full)
        with pytest.raises(DiskFull, match="full"):
            register.approve(database, number)
        monkeypatch.undo()
        assert register.show(database, number)["state"] == "drafted"


def test_a_clock_that_was_set_back_is_no_go_with_a_sentence(home: Path) -> None:
    with open_home(Home(home)) as database:
        AlertSystem(database=database).alert("a", "b")
        database.clock = FakeClock(database.clock() - 3_600_000_000)
        clock = next(check for check in readiness.checks(database, Home(home)) if check.name == "clock")
        assert not clock.ok and "set it right" in clock.detail


def test_the_readiness_checks_make_no_database(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_home(Home(home)) as database:
        monkeypatch.setattr(
            "valhalla.sandbox.block.memory_database", lambda: pytest.fail("a database was made")
        )
        assert all(check.ok for check in readiness.checks(database, Home(home)))


def test_a_home_on_a_folder_that_may_not_be_written_is_a_sentence(
    bound_by_permissions: list[str], tmp_path: Path
) -> None:
    tmp_path.chmod(0o500)
    command = [
        sys.executable,
        "-m",
        "valhalla",
        "--home",
        str(tmp_path / "home"),
        "config",
        "set",
        "interval",
        "5",
    ]
    answer = subprocess.run([*bound_by_permissions, *command], capture_output=True, encoding="utf-8", cwd="/")
    tmp_path.chmod(0o700)
    assert answer.returncode == 3 and "choose another --home" in answer.stderr, answer.stderr
    assert len(answer.stderr.splitlines()) == 1 and answer.stdout == ""


def test_what_comes_in_the_way_of_a_production_run_is_in_its_report(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> Any:
        raise DiskFull("the disk is full")

    monkeypatch.setattr(Importing, "run", full)
    with WholeProgram.open(Home(home)) as program:
        database = program.database
        with pytest.raises(DiskFull):
            production.run(program, [], settings.effective(database))
        assert live.current(database) is None
    found = json.loads((home / "logs" / production.REPORT_NAME).read_text(encoding="utf-8"))
    assert found["dry_run_enabled"] is True
    assert found["steps"][-1] == {"step": "ended", "ok": False, "detail": "the disk is full"}


def test_a_restart_is_a_dry_run_and_settles_what_was_left_behind(home: Path) -> None:
    with open_home(Home(home)) as database:
        first = guarded(database, home)
        first.begin(is_live=True)
        assert not first.effects.lock.dry_run
        second = guarded(database, home)
        second.begin()
        assert first.effects.lock.dry_run and second.effects.lock.dry_run
        second.end()
        first.end()


def test_a_failed_job_is_told_under_its_correlation_id(home: Path) -> None:
    with open_home(Home(home)) as database:
        guard = guarded(database, home)
        guard.begin()

        def fails() -> None:
            raise OSError("down")

        job = guard.queue.task(name="failing")(fails)
        worker = guard.queue.worker()
        worker.start()
        number = guard.queue.enqueue(job.s(), correlation_id="abc-1")
        guard.queue.wait(number, timeout=30)
        worker.stop()
        guard.end()
        (alert,) = AlertSystem(database=database).get_alerts(task_name="job:failing")
        assert alert["correlation_id"] == "abc-1" and "down" in alert["reason"]
        assert '"correlation_id": "abc-1"' in (home / "logs" / "valhalla.log").read_text(encoding="utf-8")
