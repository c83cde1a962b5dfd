"""The garbage collector around bulk work."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest

from valhalla.cli.entry import run
from valhalla.program.memory import collect_seldom, collector_paused


def test_the_collector_rests_inside_and_works_on_afterwards() -> None:
    assert gc.isenabled()
    with collector_paused():
        assert not gc.isenabled()
        with collector_paused():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()


def test_a_service_collects_more_often_than_a_command(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    monkeypatch.setattr(gc, "set_threshold", lambda first, *_: seen.append(first))
    collect_seldom()
    assert run(["run", "--cycles", "0", "--no-cockpit", "--json"]) == 0
    assert len(seen) == 2 and seen[0] > 5 * seen[1]
