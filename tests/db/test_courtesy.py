"""Long work that stands aside while somebody waits for a page."""

from __future__ import annotations

import threading
from contextlib import ExitStack

import pytest

from db import pacing

FOREVER = 3600.0


def working() -> threading.Thread:
    """Long work at the place where it looks whether somebody waits."""
    thread = threading.Thread(target=pacing.give_way, daemon=True)
    thread.start()
    return thread


def test_long_work_goes_on_when_nobody_waits() -> None:
    assert not pacing.somebody_waits()
    thread = working()
    thread.join(10)
    assert not thread.is_alive()


def test_long_work_goes_on_when_the_last_who_waited_has_got_what_they_wanted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pacing, "PATIENCE", FOREVER)
    with ExitStack() as one, ExitStack() as other:
        one.enter_context(pacing.waited_for())
        other.enter_context(pacing.waited_for())
        thread = working()
        one.close()
        thread.join(0.2)
        assert thread.is_alive() and pacing.somebody_waits()
        other.close()
        thread.join(10)
        assert not thread.is_alive() and not pacing.somebody_waits()


def test_whoever_fails_does_not_wait_any_more() -> None:
    with pytest.raises(ValueError), pacing.waited_for():
        raise ValueError
    assert not pacing.somebody_waits()


def test_what_takes_longer_than_a_page_does_not_stop_long_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pacing, "PATIENCE", 0.01)
    with pacing.waited_for():
        thread = working()
        thread.join(10)
        assert not thread.is_alive()


def test_nor_do_many_who_ask_all_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Patience begins with the first of them, not again with each."""
    now = [0.0]
    monkeypatch.setattr("db.pacing.time.monotonic", lambda: now[0])
    with ExitStack() as first:
        first.enter_context(pacing.waited_for())
        now[0] = pacing.PATIENCE
        with pacing.waited_for():
            first.close()
            thread = working()
            thread.join(10)
            assert not thread.is_alive()


def test_long_work_in_steps_looks_before_each_whether_somebody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = 0

    def look() -> None:
        nonlocal looks
        looks += 1

    monkeypatch.setattr(pacing, "give_way", look)
    seen = [(list(part), looks) for part in pacing.in_steps(range(7), 3)]
    assert seen == [([0, 1, 2], 1), ([3, 4, 5], 2), ([6], 3)]
    assert list(pacing.in_steps((), 3)) == [] and looks == 3
