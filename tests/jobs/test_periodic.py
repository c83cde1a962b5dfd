"""PeriodicJobs on a clock that the test moves."""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Iterator
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db import Database
from db.clock import MINUTE, SECOND
from jobs.periodic import PeriodicJob
from jobs.testing import Bench


@pytest.fixture
def bench() -> Iterator[Bench]:
    with Bench() as bench:
        yield bench


def count(bench: Bench, name: str) -> dict[str, int]:
    columns = ("fired", "missed", "overrun", "jumps")
    slot = (bench.queue.name, name)
    row = bench.database.sql(
        f"SELECT {', '.join(columns)} FROM cycle_slot WHERE queue = ? AND name = ?", slot
    )[0]
    return dict(zip(columns, row, strict=True))


def test_cycle_runs_at_every_slot_without_drift(bench: Bench) -> None:
    slots: list[int | None] = []

    @bench.queue.every(7, "tick")
    def tick() -> None:
        from jobs import current_job

        job = current_job()
        assert job is not None
        slots.append(job.due)

    bench.clock.advance(0.4)
    for _ in range(200):
        bench.clock.advance(0.9)
        bench.run()

    taken = [slot for slot in slots if slot is not None]
    assert all(slot % (7 * SECOND) == 0 for slot in taken)
    assert {later - earlier for earlier, later in itertools.pairwise(taken)} == {7 * SECOND}
    assert taken[-1] == bench.clock() - bench.clock() % (7 * SECOND)


def test_first_slot_at_the_start_and_the_others_from_there(bench: Bench) -> None:
    began: list[int] = []
    bench.clock.advance(3.25)
    bench.queue.every(30, "tick", at_start=True)(lambda: began.append(bench.clock()))
    bench.advance(0)
    bench.run()
    bench.advance(65, run=True)
    assert [at - began[0] for at in began] == [0, 30 * SECOND, 60 * SECOND]


def test_first_slot_a_little_after_the_start_and_the_others_from_there(bench: Bench) -> None:
    began: list[int] = []
    bench.clock.advance(3.25)
    bench.queue.task(name="tick")(lambda: began.append(bench.clock()))
    bench.queue.periodic.add(PeriodicJob.each("tick", 30, at_start=True, delay=3))
    start = bench.clock()
    bench.advance(0)
    bench.run()
    assert not began
    bench.advance(65, run=True)
    assert [at - start for at in began] == [3 * SECOND, 33 * SECOND, 63 * SECOND]
    assert count(bench, "tick") == {"fired": 3, "missed": 0, "overrun": 0, "jumps": 0}


def test_missed_slots_are_counted_and_not_made_up_for(bench: Bench) -> None:
    ran: list[int] = []
    bench.queue.every(10, "tick")(lambda: ran.append(1))
    bench.run()
    bench.clock.advance(95)
    bench.run()
    assert len(ran) == 2
    assert count(bench, "tick") == {"fired": 2, "missed": 8, "overrun": 0, "jumps": 0}


def test_slot_whose_predecessor_still_waits_is_an_overrun(bench: Bench) -> None:
    bench.queue.every(10, "tick")(lambda: None)
    for _ in range(3):
        bench.tick()
        bench.clock.advance(10)
    assert count(bench, "tick") == {"fired": 1, "missed": 0, "overrun": 2, "jumps": 0}
    assert bench.queue.pending_count() == 1


def test_two_processes_share_the_slots(bench: Bench) -> None:
    ran: list[str] = []
    bench.queue.every(5, "tick")(lambda: ran.append("first"))
    other = Bench(bench.database)
    other.clock = bench.clock
    bench.database.clock = bench.clock
    other.queue.every(5, "tick")(lambda: ran.append("second"))
    for _ in range(6):
        bench.run()
        other.run()
        bench.clock.advance(5)
    assert len(ran) == 6
    other.close()


def test_slot_that_two_processes_saw_at_once_goes_to_one(bench: Bench) -> None:
    ran: list[int] = []
    bench.queue.every(5, "tick")(lambda: ran.append(1))
    bench.run()
    bench.clock.advance(5)
    (cycle,) = bench.queue.periodic
    last = bench.database.value("SELECT last_at FROM cycle_slot")
    slot = cycle.slot(bench.clock(), last)
    for _ in range(2):  # both have read the same last slot
        bench.queue.periodic._take(cycle, slot, last, bench.clock())
        bench.run()
    assert len(ran) == 2


@pytest.mark.parametrize("back", [3, 30, 600, 86_400])
def test_clock_that_is_set_back_does_not_stop_a_cycle(bench: Bench, back: int) -> None:
    ran: list[int] = []
    bench.queue.every(10, "tick")(lambda: ran.append(bench.clock()))
    bench.run()
    bench.clock.advance(-back)
    before = len(ran)
    bench.advance(31, run=True)
    assert len(ran) - before >= 2


def test_clock_that_is_set_forward_runs_the_cycle_once(bench: Bench) -> None:
    ran: list[int] = []
    bench.queue.every(10, "tick")(lambda: ran.append(1))
    bench.run()
    bench.clock.advance(86_400)
    bench.run()
    bench.run()
    assert len(ran) == 2


def test_cron_runs_in_its_minute_and_not_hours_later(bench: Bench) -> None:
    ran: list[int] = []
    bench.queue.cron("30 12 * * *", "lunch")(lambda: ran.append(1))  # the bench begins at 12:00 UTC
    bench.run()
    bench.clock.advance(31 * 60)
    bench.run()
    assert len(ran) == 1
    bench.clock.advance(86_400 + 3 * 3600)  # not there at 12:30 of the next day
    bench.run()
    assert len(ran) == 1
    assert count(bench, "lunch")["missed"] == 1


def test_cron_counts_a_clock_reading_that_comes_twice_once() -> None:
    zone = ZoneInfo("America/New_York")
    cycle = PeriodicJob.cron("night", "30 1 * * *", zone)
    start = int(datetime.datetime(2026, 10, 31, 12, tzinfo=zone).timestamp()) * SECOND
    meant = [
        at for at in range(start, start + 2 * 86_400 * SECOND, MINUTE) if cycle.slot(at, at - 1) is not None
    ]
    assert [datetime.datetime.fromtimestamp(at / SECOND, zone).isoformat() for at in meant] == [
        "2026-11-01T01:30:00-04:00",
        "2026-11-02T01:30:00-05:00",
    ]


@pytest.mark.parametrize("seconds", [0, -1, 1.5, True])
def test_only_whole_seconds_make_a_cycle(seconds: float) -> None:
    with pytest.raises(ValueError):
        PeriodicJob.each("tick", seconds)  # type: ignore[arg-type]


@settings(max_examples=200)
@given(
    every=st.integers(1, 10_000),
    anchor=st.integers(0, 10**13),
    after=st.integers(0, 10**13),
    wait=st.integers(0, 10**12),
)
def test_slots_and_those_between_add_up(every: int, anchor: int, after: int, wait: int) -> None:
    cycle = PeriodicJob("tick", "", every=every * SECOND, anchor=anchor)
    now = after + wait
    slot = cycle.slot(now, after)
    if slot is None:
        return
    assert after < slot <= now
    assert (slot - anchor) % (every * SECOND) == 0
    in_all = (now - anchor) // (every * SECOND) - (after - anchor) // (every * SECOND)
    assert cycle.between(after, slot) == in_all - 1


def test_memory_is_shared_by_nothing_else() -> None:
    with Bench() as one, Bench() as two:
        assert isinstance(one.database, Database)
        assert one.database is not two.database
