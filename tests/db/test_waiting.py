"""Long work stands aside while somebody waits."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from contextvars import copy_context
from pathlib import Path

import pytest

from db import Database, waiting
from db.filelock import FileLock
from db.turn import TURN_FILE

FOREVER = 3600.0


@pytest.fixture(autouse=True)
def _nobody_is_at_work(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Neither before a test nor after it."""
    monkeypatch.setattr(waiting, "_person_at", -math.inf)
    token = waiting._for_this.set(False)
    yield
    waiting._for_this.reset(token)


def waited() -> bool:
    """Whether somebody waits now."""
    return not waiting._nobody.is_set()


def working() -> threading.Thread:
    """Long work at the place where it looks whether somebody waits."""
    thread = threading.Thread(target=waiting.give_way, daemon=True)
    thread.start()
    return thread


def writing(database: Database, done: Callable[[], object] = lambda: None) -> threading.Thread:
    """Long work that stands aside with the turn to write, which nobody wants yet; ``done`` is called before it gives that back."""
    begun = threading.Event()

    def work() -> None:
        with database.write():
            begun.set()
            waiting.give_way()
            done()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    assert begun.wait(10)
    thread.join(0.2)
    assert thread.is_alive(), "nobody wants the turn yet"
    return thread


def test_long_work_goes_on_when_nobody_waits() -> None:
    assert not waited()
    thread = working()
    thread.join(10)
    assert not thread.is_alive()


def test_long_work_goes_on_when_the_last_who_waited_has_got_what_they_wanted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(waiting, "PATIENCE", FOREVER)
    with ExitStack() as one, ExitStack() as other:
        one.enter_context(waiting.waited_for())
        other.enter_context(waiting.waited_for())
        thread = working()
        one.close()
        thread.join(0.2)
        assert thread.is_alive() and waited()
        other.close()
        thread.join(10)
        assert not thread.is_alive() and not waited()


def test_nobody_waits_for_a_turn_whose_holder_stands_aside_for_them(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "PATIENCE", FOREVER)
    order: list[str] = []
    with waiting.waited_for():
        thread = writing(database, lambda: order.append("work"))
        with database.write():
            order.append("page")
    thread.join(10)
    assert order == ["work", "page"]


def test_what_is_waited_for_does_not_stand_aside_for_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "PATIENCE", FOREVER)
    with waiting.waited_for():
        here = threading.Thread(target=copy_context().run, args=(waiting.give_way,), daemon=True)
        here.start()
        here.join(10)
        assert not here.is_alive()
        elsewhere = working()
        elsewhere.join(0.2)
        assert elsewhere.is_alive()
    elsewhere.join(10)


def test_whoever_fails_does_not_wait_any_more() -> None:
    with pytest.raises(ValueError), waiting.waited_for():
        raise ValueError
    assert not waited()


def test_what_takes_longer_than_a_page_does_not_stop_long_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "PATIENCE", 0.01)
    with waiting.waited_for():
        thread = working()
        thread.join(10)
        assert not thread.is_alive()


def test_nor_do_many_who_ask_all_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Patience begins with the first of them, not again with each."""
    now = [0.0]
    monkeypatch.setattr("db.waiting.time.monotonic", lambda: now[0])
    with ExitStack() as first:
        first.enter_context(waiting.waited_for())
        now[0] = waiting.PATIENCE
        with waiting.waited_for():
            first.close()
            thread = working()
            thread.join(10)
            assert not thread.is_alive()


def test_long_work_in_steps_looks_before_each_whether_somebody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = 0

    def look() -> None:
        nonlocal looks
        looks += 1

    monkeypatch.setattr(waiting, "give_way", look)
    seen = [(list(part), looks) for part in waiting.in_steps(range(7), 3)]
    assert seen == [([0, 1, 2], 1), ([3, 4, 5], 2), ([6], 3)]
    assert list(waiting.in_steps((), 3)) == [] and looks == 3


def test_whoever_waits_for_another_process_is_waited_for_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "PATIENCE", FOREVER)
    waiting.waits_elsewhere(True)
    waiting.waits_elsewhere(True)
    thread = working()
    thread.join(0.2)
    assert thread.is_alive()
    with waiting.waited_for():
        waiting.waits_elsewhere(False)
        thread.join(0.1)
        assert thread.is_alive(), "somebody waits here, too"
    thread.join(10)
    assert not thread.is_alive() and not waited()


def test_the_turn_to_write_is_given_back_sooner_by_going_on_also_to_another_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "PATIENCE", FOREVER)
    database = Database.open(tmp_path / "one.db")
    with waiting.waited_for():
        thread = writing(database)
        other = FileLock(tmp_path / TURN_FILE)  # as another process holds it while it waits
        assert other.try_acquire()
        thread.join(10)
        assert not thread.is_alive()
        other.close()
    database.close_all()


def test_a_change_of_whether_somebody_waits_is_heard_at_once() -> None:
    heard: list[bool] = []
    thread = threading.Thread(target=lambda: heard.append(waiting.somebody_waits(False, 60)), daemon=True)
    thread.start()
    with waiting.waited_for():
        thread.join(10)
        assert heard == [True]
        thread = threading.Thread(target=lambda: heard.append(waiting.somebody_waits(True, 60)), daemon=True)
        thread.start()
    thread.join(10)
    assert heard == [True, False]
    assert waiting.somebody_waits(False, 0.0) is False
