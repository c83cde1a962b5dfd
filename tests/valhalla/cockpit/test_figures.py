"""Figures are counted in the background, and at once where that takes no time."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from valhalla.cockpit import figures
from valhalla.cockpit.figures import Figures


@pytest.fixture
def counted(database: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Figures]:
    monkeypatch.setattr(figures, "PATIENCE", 20)
    counted = Figures(database)
    yield counted
    counted.close()


def value(counted: Figures, of: int, work: float) -> Any:
    def count(_: Any) -> int:
        began = time.thread_time()
        while time.thread_time() - began < work:
            pass
        return of

    found = counted.get("leads", count, of=of, seconds=60)
    return found and found.value


def test_what_is_counted_quickly_follows_the_file_at_once(counted: Figures) -> None:
    assert [value(counted, of, 0) for of in (1, 2, 3)] == [1, 2, 3]


def test_what_takes_work_is_counted_every_so_often(counted: Figures) -> None:
    assert value(counted, 1, 2 * figures.QUICK) == 1
    assert value(counted, 2, 0) == 1, "not older than a minute"


def test_while_it_is_counted_the_one_before_is_shown(
    counted: Figures, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert value(counted, 1, 0) == 1
    monkeypatch.setattr(figures, "PATIENCE", 0)
    go = threading.Event()
    assert counted.get("leads", lambda _: go.wait(10), of=2) == counted.get("leads", lambda _: 3, of=3)
    go.set()


def test_what_is_sorted_for_a_figure_is_sorted_on_the_disk(counted: Figures) -> None:
    found = counted.get("where", lambda database: database.value("PRAGMA temp_store"), of=1)
    assert found is not None and found.value == 1
    assert counted.database.value("PRAGMA temp_store") == 2, "elsewhere in memory, which is quicker"


def test_counting_yields_to_pages_once_it_takes_longer_than_they_wait(
    counted: Figures, monkeypatch: pytest.MonkeyPatch
) -> None:
    yielded = []
    monkeypatch.setattr(figures, "give_way", lambda: yielded.append(1))
    asked = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50000) SELECT max(i) FROM n"
    )
    for quick, yields in ((60.0, False), (0.0, True)):
        monkeypatch.setattr(figures, "QUICK", quick)
        found = counted.get(str(quick), lambda database: database.value(asked), of=1)
        assert found is not None and found.value == 50_000
        assert bool(yielded) is yields, "at first somebody waits for the figure"
    assert counted._thread is not None
    yielded.clear()
    assert counted._thread.submit(counted.database.value, asked).result() == 50_000
    assert not yielded, "only while it counts"
