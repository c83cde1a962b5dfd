"""What a program of its own does with the queue: declares, enqueues, listens, finds and puts back."""

from __future__ import annotations

from pathlib import Path

import pytest

from jobs import JobSignal, Queue, WrongState
from jobs.testing import Bench


def test_row_and_job_are_committed_together_or_not_at_all(tmp_path: Path) -> None:
    with Queue.open(tmp_path / "app.db") as queue:

        @queue.task
        def send(number: int) -> None:
            pass

        with queue.transaction(durable=True) as database:
            database.sql("CREATE TABLE invoice (id INTEGER)")
        with pytest.raises(RuntimeError, match="no"), queue.transaction() as database:
            database.sql("INSERT INTO invoice VALUES (1)")
            send.enqueue(1)
            raise RuntimeError("no")
        assert (queue.jobs.find(), queue.database.sql("SELECT id FROM invoice")) == ([], [])
        with queue.transaction() as database:
            database.sql("INSERT INTO invoice VALUES (2)")
            job = send.enqueue(2)
    with Queue.open(tmp_path / "app.db") as queue:  # what was there is there again
        assert [each.id for each in queue.jobs.find(name="send")] == [job]
        assert queue.database.sql("SELECT id FROM invoice") == [(2,)]


def test_handler_is_enqueued_with_its_options() -> None:
    with Bench() as bench:
        order: list[int] = []

        @bench.queue.task
        def note(number: int, twice: bool = False) -> None:
            order.append(number * (2 if twice else 1))

        first = note.enqueue(1, unique="one")
        assert note.enqueue(1, unique="one") == first
        note.enqueue(2, priority=9, twice=True)
        later = note.enqueue(3, delay=60, tags=["late"])
        bench.run()
        assert order == [4, 1]
        assert [each.id for each in bench.queue.jobs.find(tag="late", state="scheduled")] == [later]
        assert bench.queue.jobs.cancel(later) == ["canceled"]
        with pytest.raises(WrongState):
            bench.queue.jobs.cancel(later)


def test_event_is_heard_by_those_who_asked_for_it() -> None:
    with Bench() as bench:
        heard: list[JobSignal] = []

        @bench.queue.task
        def fails(number: int) -> None:
            if number:
                raise ValueError("never")

        @bench.queue.on("dead")
        def tell(signal: JobSignal) -> None:
            heard.append(signal)

        fails.enqueue(0)
        dead = fails.enqueue(1)
        bench.run()
        assert [(each.job_id, each.event) for each in heard] == [(dead, "dead")]
        with pytest.raises(ValueError, match="'died' is not an event of jobs; there are done, retry"):
            bench.queue.on("died")


def test_all_that_is_dead_is_put_back_but_what_another_has_the_key_of() -> None:
    with Bench() as bench:
        bad = True

        @bench.queue.task
        def fails() -> None:
            if bad:
                raise ValueError("not yet")

        jobs = [fails.enqueue(unique=key) for key in "abc"]
        bench.run()
        bad = False
        holder = fails.enqueue(unique="b", delay=60)
        assert bench.queue.jobs.retry_all(name="fails") == 2
        bench.run()
        assert [bench.queue.state(each).state for each in (*jobs, holder)] == [
            "done",
            "dead",
            "done",
            "scheduled",
        ]
        with pytest.raises(WrongState, match="not those that are 'waiting'"):
            bench.queue.jobs.retry_all("waiting")


def test_zone_of_a_cron_job_is_named_and_its_handler_names_it() -> None:
    with Bench() as bench:  # the bench begins at 12:00 UTC, 6:00 in Chicago
        ran: list[str] = []

        @bench.queue.cron("30 6 * * *", tz="America/Chicago")
        def morning() -> None:
            ran.append("morning")

        @bench.queue.every(600)
        def often() -> None:
            ran.append("often")

        bench.run()
        bench.advance(1800)
        bench.run()
        assert sorted(ran) == ["morning", "often", "often"]
        assert bench.queue.state(bench.queue.run_now("morning")).name == "morning"
        for wrong in ("America/Atlantis", "../etc", ""):
            with pytest.raises(ValueError, match="there is no time zone"):
                bench.queue.cron("30 6 * * *", tz=wrong)
        with pytest.raises(ValueError, match="minute"):
            bench.queue.cron("99 6 * * *", "wrong")
