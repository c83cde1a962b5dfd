"""The garbage collector around bulk work."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest

from valhalla.cli.entry import run
from valhalla.program.memory import collect_regularly, collect_seldom, collector_paused, keep, settle


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


@pytest.fixture
def thresholds() -> Iterator[None]:
    """Has the collector as it was afterwards."""
    were = gc.get_threshold()
    yield
    gc.set_threshold(*were)
    gc.unfreeze()


def test_what_a_service_has_loaded_is_not_walked_through_at_once(thresholds: None) -> None:
    collect_seldom()
    loaded = [[number] for number in range(30_000)]
    collect_regularly()
    walks: list[str] = []
    gc.callbacks.append(lambda phase, _: walks.append(phase))
    try:
        loaded += [[number] for number in range(10_000)]
        assert walks == []
        loaded += [[number] for number in range(20_000)]
        assert "stop" in walks
    finally:
        gc.callbacks.pop()


def test_what_loading_left_is_collected_when_a_service_settles(thresholds: None) -> None:
    class Ring:
        def __init__(self) -> None:
            self.me = self

    ring = weakref.ref(Ring())
    keep()
    gc.collect()
    assert ring() is not None
    settle()
    assert ring() is None
    assert gc.get_freeze_count() > 0
