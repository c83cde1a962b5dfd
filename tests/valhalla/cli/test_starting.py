"""Started by a double click, started with Windows."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from valhalla.__main__ import cockpit
from valhalla.cli import browser, double_click
from valhalla.cli.entry import run as main
from valhalla.program.instance import Instance


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What the double click runs; nothing is run."""
    seen: list[list[str]] = []
    monkeypatch.setattr(double_click, "run", lambda words, cockpit: seen.append(words) or 0)
    return seen


def test_a_double_click_runs_and_opens_the_cockpit(
    home: Path, ran: list[list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert double_click.start(cockpit) == 0
    assert ran == [["run", "--open"]]
    assert f"Your data is in {home}" in capsys.readouterr().out


def test_a_second_double_click_opens_the_cockpit_of_the_first(
    home: Path, ran: list[list[str]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    opened: list[str | None] = []
    monkeypatch.setattr(double_click, "READ_SECONDS", 0)
    monkeypatch.setattr(
        browser, "again", lambda home, other, *, opens: opened.append(other.url if opens else None)
    )
    first = Instance(home)
    first.acquire("run")
    try:
        first.announce("http://127.0.0.1:8101")
        assert double_click.start(cockpit) == 0
    finally:
        first.release()
    assert opened == ["http://127.0.0.1:8101"]
    assert ran == []
    assert "It runs already" in capsys.readouterr().out


def test_the_window_stays_open_when_something_went_wrong(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(double_click, "run", lambda words, cockpit: 3)
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n"))
    assert double_click.start(cockpit) == 3
    assert "Press Enter to close this window." in capsys.readouterr().out


@pytest.mark.skipif(sys.platform == "win32", reason="there it is set up")
def test_starting_with_windows_is_refused_elsewhere(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["startup", "on"]) == 1
    assert "for Windows only" in capsys.readouterr().err
    assert main(["startup", "status"]) == 1
    assert "does not start with Windows" in capsys.readouterr().out
