"""What was promised is notified of once, when it becomes due."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from db import Database
from db.clock import HOUR, MINUTE
from valhalla.leads import promises
from valhalla.program.settings import save
from valhalla.service.reminding import Reminder, desktop


def test_each_promise_is_notified_of_once_when_it_is_due(
    database: Database, people: Any, tell: Any, clock: Any
) -> None:
    people(3)
    said: list[tuple[str, str]] = []
    reminder = Reminder(database, lambda title, text: said.append((title, text)))
    now = database.clock()
    promises.add(database, 1, "callback", now + 3 * MINUTE, note="the roof")
    promises.add(database, 2, "appointment", now + HOUR)
    promises.add(database, 3, "task", now + 3 * MINUTE)
    tell(3, "opted_out")
    assert reminder.tick() == 0
    clock.at = now + 2 * MINUTE
    assert reminder.tick() == 0
    clock.at = now + 3 * MINUTE
    assert reminder.tick() == 1
    clock.at = now + 4 * MINUTE
    assert reminder.tick() == 0
    assert said == [("Call back now", "Person 1: the roof")]
    clock.at = now + 2 * HOUR
    assert reminder.tick() == 0, "what became due while nothing ran is on Today"


def test_it_can_be_turned_off(database: Database, people: Any, clock: Any) -> None:
    people(1)
    promises.add(database, 1, "task", database.clock() + MINUTE)
    reminder = Reminder(database, lambda title, text: pytest.fail("nobody wanted that"))
    save(database, "notifications", "off")
    clock.at += 2 * MINUTE
    assert reminder.tick() == 0


@pytest.mark.skipif(sys.platform == "win32", reason="a program of a POSIX shell")
@pytest.mark.parametrize("name", ["notify-send", "gdbus"])
def test_the_desktop_gets_it_by_the_session_bus(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    program = tmp_path / name
    program.write_text(f'#!/bin/sh\nprintf "%s|" "$@" > "{tmp_path}/got"\n', encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    assert desktop("Call back now", "Ann") is False, "no session, no desktop"
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere")
    assert desktop("Call back now", 'Ann "$(reboot)" Lee') is True
    got = (tmp_path / "got").read_text(encoding="utf-8")
    assert "Call back now" in got
    assert "$(reboot)" in got, "what is shown is never run"
