"""One thread that looks after the queues of many workers."""

from __future__ import annotations

import logging
import threading
from typing import Any

import pytest

from jobs.poller import Poller


class Noted:
    """The maintenance of a worker, which notes that it was called."""

    def __init__(self, *, fails: bool = False) -> None:
        self.ticks = threading.Semaphore(0)
        self.fails = fails

    def tick(self) -> None:
        self.ticks.release()
        if self.fails:
            raise RuntimeError("a queue that is broken")

    def came(self, times: int = 2) -> bool:
        return all(self.ticks.acquire(timeout=30) for _ in range(times))


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jobs.poller.TICK", 0.001)


def test_every_worker_with_a_seat_is_looked_after_until_it_leaves() -> None:
    poller: Any = Poller()
    one, two = Noted(), Noted()
    first, second = poller.seat(one), poller.seat(two)
    first.start()
    second.start()
    assert one.came() and two.came()
    first.join(30)
    assert not first.is_alive() and second.is_alive()
    while one.ticks.acquire(blocking=False):
        pass
    assert two.came() and not one.ticks.acquire(blocking=False)
    thread = poller._thread
    second.join(30)
    thread.join(30)
    assert not thread.is_alive(), "the thread ends with the last one"
    again = poller.seat(one)
    again.start()
    assert one.came(), "and begins anew with the next"
    again.join(30)


def test_a_queue_that_cannot_be_looked_after_stops_no_other(caplog: pytest.LogCaptureFixture) -> None:
    poller: Any = Poller()
    bad, good = Noted(fails=True), Noted()
    seats = [poller.seat(each) for each in (bad, good)]
    with caplog.at_level(logging.ERROR, "jobs"):
        for seat in seats:
            seat.start()
        assert bad.came() and good.came()
        for seat in seats:
            seat.join(30)
    assert "the maintenance of a queue failed" in caplog.text


def test_a_seat_that_was_never_taken_is_left_at_once() -> None:
    poller: Any = Poller()
    seat = poller.seat(Noted())
    seat.join(30)
    assert not seat.is_alive()
