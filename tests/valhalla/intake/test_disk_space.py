"""A full disk is said once, as an alert too, and what waits goes on when there is space. (Whole programs: tests/crash.)"""

from __future__ import annotations

import errno

import pytest

from db import Database
from db.errors import DatabaseError, DiskFull
from valhalla.intake import disk_space
from valhalla.intake.disk_space import TASK, DiskSpace, is_full
from valhalla.sandbox.alerts import AlertSystem


class Disk:
    """A disk as it seems to be, and what was said of it."""

    def __init__(self, database: Database) -> None:
        self.space = DiskSpace(database)
        self.space.say = self.say
        self.said: list[str] = []
        self.full = True
        self.alerts = AlertSystem(database=database)

    def say(self, line: str) -> None:
        self.said.append(line.split()[0])

    def told(self) -> list[tuple[str, str]]:
        return [(each["severity"], each["state"]) for each in self.alerts.get_alerts(task_name=TASK)]


@pytest.fixture
def disk(database: Database, monkeypatch: pytest.MonkeyPatch) -> Disk:
    disk = Disk(database)
    monkeypatch.setattr(disk_space, "LOOK_SECONDS", 0.0)
    monkeypatch.setattr(disk_space, "STEP_SECONDS", 0.0)
    monkeypatch.setattr(DiskSpace, "_has_space", lambda _: not disk.full)
    return disk


def test_it_is_said_once_and_again_when_there_is_space(disk: Disk) -> None:
    assert disk.space.is_back() and disk.said == [] and disk.told() == []
    for _ in range(3):
        disk.space.note()
        assert not disk.space.is_back()
    assert disk.said == ["[WARNING]"] and disk.told() == [("critical", "open")]
    disk.full = False
    assert disk.space.is_back() and disk.space.is_back()
    assert disk.said == ["[WARNING]", "[OK]"] and disk.told() == [("critical", "closed")]
    disk.space.note()
    assert disk.said[2:] == ["[WARNING]"] and disk.told()[-1] == ("critical", "open")


def test_an_alert_that_has_no_space_comes_with_the_space(disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise DatabaseError("full")

    with monkeypatch.context() as until:
        until.setattr(AlertSystem, "repeat", refuse)
        disk.space.note()
        disk.full = False
        assert not disk.space.is_back(), "what cannot take an alert cannot be worked with"
    assert disk.told() == []
    assert disk.space.is_back()
    assert disk.told() == [("critical", "closed")] and disk.said == ["[WARNING]", "[OK]"]


def test_nobody_looks_before_it_is_time(disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk_space, "LOOK_SECONDS", 3600.0)
    disk.space.note()
    disk.full = False
    assert not disk.space.is_back()


def test_who_waits_is_asked_all_the_while_and_may_stop(disk: Disk) -> None:
    disk.space.note()
    asked: list[int] = []

    def check() -> None:
        asked.append(1)
        disk.full = len(asked) < 3
        if len(asked) > 5:
            raise KeyboardInterrupt

    disk.space.wait(check)
    assert len(asked) == 3
    disk.space.note()
    disk.full = True
    asked[:] = [1] * 5
    with pytest.raises(KeyboardInterrupt):
        disk.space.wait(check)


@pytest.mark.parametrize(
    ("error", "full"),
    [
        (DiskFull("x"), True),
        (OSError(errno.ENOSPC, "x"), True),
        (OSError(errno.EACCES, "x"), False),
        (ValueError(), False),
    ],
)
def test_which_errors_say_that_there_is_no_space(error: BaseException, full: bool) -> None:
    assert is_full(error) is full
