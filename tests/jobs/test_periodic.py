"""PeriodicJobs on a clock that the test moves."""

from __future__ import annotations

import datetime
import itertools
import time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db import Database
from db.clock import DAY, MINUTE, SECOND
from jobs.cron import Cron
from jobs.periodic import PeriodicJob
from jobs.testing import Bench


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


NEW_YORK = ZoneInfo("America/New_York")


def readings(expression: str, begin: str, days: int = 2, zone: ZoneInfo = NEW_YORK) -> list[str]:
    """When ``expression`` comes within ``days`` of ``begin``, minute by minute and by asking for the next."""
    job = PeriodicJob.cron("night", expression, zone)
    start = int(datetime.datetime.fromisoformat(begin).replace(tzinfo=zone).timestamp()) * SECOND
    end = start + days * 86_400 * SECOND
    each = [at for at in range(start + MINUTE, end, MINUTE) if job.slot(at, at - 1) == at]
    chained, at = [], job.next(start)
    while at is not None and at < end:
        chained.append(at)
        at = job.next(at)
    assert each == chained
    assert job.slot(end - 1, start) == (each[-1] if each else None)
    return [datetime.datetime.fromtimestamp(at / SECOND, zone).isoformat()[:-3] for at in each]


def test_fixed_time_that_the_clock_shows_twice_runs_once() -> None:
    assert readings("30 1 * * *", "2026-10-31T12:00") == ["2026-11-01T01:30:00-04", "2026-11-02T01:30:00-05"]


def test_fixed_times_that_the_clock_skips_run_when_it_has_jumped() -> None:
    assert readings("30 2 * * *", "2026-03-07T12:00") == ["2026-03-08T03:00:00-04", "2026-03-09T02:30:00-04"]
    assert readings("0,20,59 2 8 3 *", "2026-03-07T12:00", 1) == ["2026-03-08T03:00:00-04"]
    assert readings("0 3 * * *", "2026-03-07T12:00", 1) == ["2026-03-08T03:00:00-04"]
    assert readings("30 4 * * *", "2026-03-07T12:00", 1) == ["2026-03-08T04:30:00-04"]


def test_intervals_go_on_when_the_clock_is_put_back_or_forward() -> None:
    assert readings("*/30 * 1 11 *", "2026-10-31T23:59", 2)[:7] == [
        f"2026-11-01T{at}"
        for at in (
            "00:00:00-04", "00:30:00-04", "01:00:00-04", "01:30:00-04", "01:00:00-05", "01:30:00-05", "02:00:00-05",
        )
    ]  # fmt: skip
    assert readings("*/30 1 * * *", "2026-11-01T00:00", 1) == [
        f"2026-11-01T{at}" for at in ("01:00:00-04", "01:30:00-04", "01:00:00-05", "01:30:00-05")
    ]
    assert readings("*/30 * 8 3 *", "2026-03-08T01:00", 1)[:3] == [
        f"2026-03-08T{at}" for at in ("01:30:00-05", "03:00:00-04", "03:30:00-04")
    ]
    assert readings("*/30 2 8 3 *", "2026-03-07T12:00") == []


def test_half_an_hour_of_summer_time_and_the_clock_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    howe = ZoneInfo("Australia/Lord_Howe")
    assert readings("15 2 * * *", "2026-10-03T12:00", 1, howe) == ["2026-10-04T02:30:00+11"]
    assert readings("45 1 * * *", "2026-04-04T12:00", 1, howe) == ["2026-04-05T01:45:00+11"]
    if not hasattr(time, "tzset"):
        return
    with monkeypatch.context() as patched:
        patched.setenv("TZ", "America/New_York")
        time.tzset()
        here, there = (PeriodicJob.cron("n", "30 1-2 * * *", zone) for zone in (None, NEW_YORK))
        for begin in (datetime.datetime(2026, 3, 7), datetime.datetime(2026, 10, 31)):
            at: int | None = int(begin.replace(tzinfo=NEW_YORK).timestamp()) * SECOND
            for _ in range(5):
                assert at is not None
                assert here.next(at) == there.next(at)
                at = there.next(at)
    time.tzset()


@settings(max_examples=12, deadline=None)
@given(
    minute=st.sampled_from(["0", "*/20", "15,45", "7"]),
    hour=st.sampled_from(["*", "*/2", "1", "1-2", "2,3"]),
    begin=st.sampled_from(["2026-03-07T20:00", "2026-10-31T20:00"]),
)
def test_asking_for_the_next_slot_finds_each_and_no_other(minute: str, hour: str, begin: str) -> None:
    readings(f"{minute} {hour} * * *", begin, 1)


def count_looks(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    looks: list[int] = []
    look = bench.queue.periodic._fire
    monkeypatch.setattr(bench.queue.periodic, "_fire", lambda job, now: (looks.append(now), look(job, now)))
    return looks


def test_yearly_job_is_not_looked_at_each_minute(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[int] = []
    bench.queue.cron("0 0 29 2 *", "leap day")(lambda: ran.append(bench.clock()))
    bench.queue.cron("0 0 30 2 *", "never")(lambda: ran.append(0))
    looks = count_looks(bench, monkeypatch)
    for _ in range(600):
        bench.clock.advance(60)
        bench.queue.periodic.fire()
    assert len(looks) == 2
    bench.clock.at = int(datetime.datetime(2028, 2, 29, tzinfo=datetime.UTC).timestamp()) * SECOND
    bench.run()
    assert ran == [bench.clock()]
    bench.clock.advance(-86_400)  # set back: each is looked at again
    bench.queue.periodic.fire()
    assert len(looks) == 5


@pytest.mark.parametrize("expression", ["* * * * *", "0 7 * * *", "0 0 1 1 *", "* * 1-20 * *"])
def test_clock_that_is_far_ahead_does_not_count_for_ever(
    bench: Bench, expression: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.queue.cron(expression, "far")(lambda: None)
    bench.run()
    asked: list[int] = []
    after = Cron.after
    monkeypatch.setattr(Cron, "after", lambda self, *given: (asked.append(1), after(self, *given))[1])
    bench.clock.advance(400 * 86_400)
    bench.run()
    assert len(asked) < 10_000
    asked.clear()
    bench.queue.periodic.fire()
    assert not asked
    assert 1 <= count(bench, "far")["missed"] <= 1_001
    assert bench.database.value("SELECT last_at FROM cycle_slot") > bench.clock() - 366 * DAY


def test_cycle_of_half_a_second(bench: Bench) -> None:
    began: list[int] = []
    bench.queue.every(0.5, "fast")(lambda: began.append(bench.clock()))
    bench.run()
    for _ in range(8):
        bench.clock.advance(0.25)
        bench.run()
    assert [at - began[0] for at in began] == [n * SECOND // 2 for n in range(5)]
    assert count(bench, "fast") == {"fired": 5, "missed": 0, "overrun": 0, "jumps": 0}


@pytest.mark.parametrize("seconds", [0, -1, 0.05, True, float("nan"), float("inf")])
def test_only_a_time_makes_a_cycle(seconds: float) -> None:
    with pytest.raises(ValueError):
        PeriodicJob.each("tick", seconds)


@settings(max_examples=50)
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
