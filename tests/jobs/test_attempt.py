"""An attempt changes its end alone as it does in a group."""

from __future__ import annotations

from collections.abc import Callable

import apsw
import pytest

from db import Database
from jobs import CanceledWhileRunning, DoNotRetry, JobQueue, LeaseLost, Retry, Stopped, sql
from jobs.attempt import Attempt
from jobs.engine import Change
from jobs.file_engine import write


@pytest.fixture
def claimed(database: Database, queue: JobQueue) -> Callable[[int], list[Attempt]]:
    """Claims so many new jobs and begins an attempt at each."""
    handler = queue.task(name="work", retries=Retry(1, base=0))(lambda: None)

    def claim(count: int) -> list[Attempt]:
        queue.enqueue_many(handler, (() for _ in range(count)))
        with database.write():
            claims = queue.storage.claim(count, queue.owner.id, queue.lease)
        kind = queue.kinds["work"]
        return [Attempt(each, kind, queue.engine, queue.owner.id, queue.lease, False) for each in claims]

    return claim


def nothing(attempt: Attempt) -> None:
    attempt.result = "42"


def expired(attempt: Attempt) -> None:
    attempt.state = "expired"


def error(raised: BaseException) -> Callable[[Attempt], None]:
    return lambda attempt: attempt.raised(raised)


OUTCOMES = {
    "done": (nothing, "done"),
    "retry": (error(ValueError("no")), "waiting"),
    "dead": (error(DoNotRetry("no")), "dead"),
    "canceled": (error(CanceledWhileRunning(1, "by hand")), "canceled"),
    "expired": (expired, "expired"),
    "released": (error(Stopped(1, "stopping")), "waiting"),
}


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_each_outcome_is_written_alike_alone_and_in_a_group(
    database: Database, queue: JobQueue, claimed: Callable[[int], list[Attempt]], outcome: str
) -> None:
    happen, state = OUTCOMES[outcome]
    alone, member = claimed(2)
    now = database.clock()
    start: list[Change] = []
    end: list[Change] = []
    alone.start(start, now)
    member.began = now
    with database.write():
        assert write(database.connection(), start) == []
        for attempt in (alone, member):
            happen(attempt)
            attempt.end(end, database.clock())
        assert write(database.connection(), end) == []

    one, two = queue.state(alone.claim.id), queue.state(member.claim.id)
    assert one.state == two.state == state
    assert (one.result, one.error, one.failures) == (two.result, two.error, two.failures)
    assert one.owner is two.owner is None
    if outcome != "released":  # a member that is released has not begun
        assert one.tries == two.tries == 1
        last = [queue.history(job.id)[-1] for job in (one, two)]
        assert last[0].event == last[1].event == ("retry" if outcome == "retry" else state)
        assert last[0].reason == last[1].reason


def test_equal_statements_share_a_call(database: Database, claimed: Callable[[int], list[Attempt]]) -> None:
    attempts = claimed(5)
    changes: list[Change] = []
    with database.write():
        for attempt in attempts:
            attempt.start(changes, database.clock())
        ran: list[str] = []
        connection = database.connection()

        class Counting:
            def executemany(self, statement: str, rows: list[tuple[object, ...]]) -> None:
                ran.append(statement)
                connection.executemany(statement, rows)

            def total_changes(self) -> int:
                return connection.total_changes()

        assert write(Counting(), changes) == []  # type: ignore[arg-type]
    assert ran == [sql.START, sql.EVENT]


def test_job_of_another_worker_is_reported_and_leaves_no_event(
    database: Database, queue: JobQueue, claimed: Callable[[int], list[Attempt]]
) -> None:
    (mine,) = claimed(1)
    with database.write():
        database.sql("UPDATE task SET claims = claims + 1")
    changes: list[Change] = []
    with pytest.raises(LeaseLost), database.write():
        mine.end(changes, database.clock())
        if write(database.connection(), changes) == [sql.FINISH]:
            raise LeaseLost(mine.claim.id, "taken over")
    assert queue.state(mine.claim.id).state == "running"
    assert [each.event for each in queue.history(mine.claim.id)] == ["enqueued"]


def test_attempt_that_lost_its_lease_changes_nothing(claimed: Callable[[int], list[Attempt]]) -> None:
    (mine,) = claimed(1)
    mine.raised(LeaseLost(mine.claim.id, "taken over"))
    changes: list[Change] = []
    assert mine.end(changes, 0) is None
    assert write(apsw.Connection(":memory:"), changes) == []
