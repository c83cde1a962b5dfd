"""Groups: many atomic jobs in one transaction, each undone alone, all of them acknowledged together."""

from __future__ import annotations

import itertools
import threading
from typing import Any

import apsw
import pytest

from db import Database
from jobs import JobQueue, prove, rescue, seal_events, sql
from jobs.attempt import Attempt
from jobs.errors import Stopped, Unacknowledged
from jobs.liveness import WorkerRegistration
from jobs.worker_thread import WorkerThread


@pytest.fixture
def thread(queue: JobQueue) -> WorkerThread:
    thread = WorkerThread(queue, threading.Event())
    thread._size = 64
    return thread


def commits(database: Database) -> list[int]:
    """A list that grows with every commit of this thread's connection."""
    seen: list[int] = []
    database.connection().set_commit_hook(lambda: bool(seen.append(1)))
    return seen


def test_group_of_jobs_takes_two_commits(
    database: Database, queue: JobQueue, thread: WorkerThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.worker_thread.SHARE", 60.0)  # however busy the machine is
    task = queue.task(name="one", atomic=True)(lambda: None)
    queue.enqueue_many(task, ((),) * 64)
    assert queue.owner
    seen = commits(database)
    assert thread.work() == 64
    assert len(seen) == 2  # the claim, and everything else
    assert database.value("SELECT count(*) FROM task WHERE state = 'done' AND tries = 1") == 64


def test_failed_member_is_undone_alone(database: Database, queue: JobQueue, thread: WorkerThread) -> None:
    called: list[int] = []

    @queue.task(name="odd", atomic=True)
    def odd(number: int) -> None:
        database.sql("INSERT INTO footprint (what) VALUES (?)", (str(number),))
        database.after_commit(lambda: called.append(number))
        if number % 2:
            raise ValueError("odd")

    queue.enqueue_many(odd, ((number,) for number in range(6)))
    thread.work()

    assert [what for (what,) in database.sql("SELECT what FROM footprint")] == ["0", "2", "4"]
    assert called == [0, 2, 4]
    assert [state for (state,) in database.sql("SELECT state FROM task ORDER BY id")] == ["done", "dead"] * 3


def test_member_that_was_taken_over_does_not_take_the_others_with_it(
    database: Database, queue: JobQueue, thread: WorkerThread
) -> None:
    other = WorkerRegistration(database, "default")

    @queue.task(name="one", atomic=True)
    def one(number: int) -> None:
        database.sql("INSERT INTO footprint (what) VALUES (?)", (str(number),))

    queue.enqueue_many(one, ((number,) for number in range(4)))
    claim = thread._claim

    def claim_and_lose() -> object:
        claimed = claim()
        if claimed[0]:
            with database.write():
                database.sql("UPDATE task SET claims = claims + 1, owner = ? WHERE id = 3", (other.id,))
        return claimed

    thread._claim = claim_and_lose  # type: ignore[assignment]
    thread.work()

    assert [what for (what,) in database.sql("SELECT what FROM footprint ORDER BY what")] == ["0", "1", "3"]
    assert queue.state(3).state == "running"
    other.close()


def test_jobs_of_a_group_that_was_rolled_back_run_alone_until_the_bad_one_is_found(
    database: Database, queue: JobQueue, thread: WorkerThread
) -> None:
    @queue.task(name="one", atomic=True)
    def one(number: int) -> None:
        database.sql("INSERT INTO footprint (what) VALUES (?)", (str(number),))
        if number == 2:  # as SQLite does by itself when the disk is full
            database.connection().execute("ROLLBACK")
            raise apsw.FullError("full")

    queue.enqueue_many(one, ((number,) for number in range(4)))
    with pytest.raises(Unacknowledged):
        thread.work()
    assert {state for (state,) in database.sql("SELECT state FROM task")} == {"waiting"}
    while thread.work():
        pass

    assert [what for (what,) in database.sql("SELECT what FROM footprint ORDER BY what")] == ["0", "1", "3"]
    assert [state for (state,) in database.sql("SELECT state FROM task ORDER BY id")] == [
        "done",
        "done",
        "dead",
        "done",
    ]
    assert [tries for (tries,) in database.sql("SELECT tries FROM task")] == [1, 1, 1, 1]


def test_durable_and_other_jobs_do_not_share_a_transaction(
    database: Database, queue: JobQueue, thread: WorkerThread
) -> None:
    levels: list[tuple[str, int]] = []

    def level(name: str) -> None:
        levels.append((name, database.value("PRAGMA synchronous")))

    durable = queue.task(name="durable", atomic=True, durable=True)(level)
    normal = queue.task(name="normal", atomic=True)(level)
    with database.write(durable=True):
        for _ in range(3):
            queue.enqueue(durable.s("durable"))
            queue.enqueue(normal.s("normal"))
    while thread.work():
        pass
    assert sorted(levels) == [("durable", 2)] * 3 + [("normal", 1)] * 3


def test_kind_that_keeps_nothing_leaves_no_row(
    database: Database, queue: JobQueue, thread: WorkerThread
) -> None:
    for atomic in (True, False):
        task = queue.task(name=f"fleeting {atomic}", keep=False, atomic=atomic)(lambda: None)
        queue.enqueue_many(task, ((),) * 5)
    while thread.work():
        pass
    assert database.value("SELECT count(*) FROM task") == 0


def test_next_job_begins_in_the_transaction_that_ends_the_one_before(
    database: Database, queue: JobQueue, thread: WorkerThread
) -> None:
    task = queue.task(name="one")(lambda: None)
    queue.enqueue_many(task, ((),) * 10)
    assert queue.owner
    seen = commits(database)
    assert thread.work() == 10
    assert len(seen) == 11


def test_following_job_whose_arguments_are_no_json_fails_the_one_before(
    database: Database, queue: JobQueue, thread: WorkerThread
) -> None:
    follow = queue.task(name="follow")(lambda value: None)
    job = queue.enqueue(
        queue.task(name="thing", atomic=True, keep_result=False)(lambda: object()).s().then(follow)
    )
    alone = queue.enqueue(queue.task(name="alone", keep_result=False)(lambda: object()).s().then(follow))
    while thread.work():
        pass
    for each in (job, alone):
        assert queue.state(each).state == "dead"
        assert "the arguments of follow cannot be kept as JSON" in str(queue.state(each).error)


def test_what_runs_again_and_again_does_not_take_longer_when_more_rows_wait(
    database: Database, queue: JobQueue, thread: WorkerThread
) -> None:
    """Counted in steps of SQLite's virtual machine, which no other load of the machine can change."""
    task = queue.task(name="one", atomic=True)(lambda: None)

    def steps() -> int:
        ticks = 0

        def tick() -> bool:
            nonlocal ticks
            ticks += 1
            return False

        database.connection().set_progress_handler(tick, 20)
        thread.work()
        queue.storage.find_lanes()
        queue.storage.promote(database.clock())
        queue.periodic.fire()
        rescue.rescue_dead(queue)
        rescue.rescue_stale(queue)
        database.connection().set_progress_handler(None)
        return ticks

    queue.enqueue_many(task, ((),) * 1_000)
    few = steps()
    queue.enqueue_many(task, ((),) * 10_000)
    queue.enqueue_many(task, ((),) * 10_000, delay=3600)
    assert steps() < few * 1.5


def test_job_that_was_to_begin_with_an_end_that_fails_is_not_forgotten(
    database: Database, queue: JobQueue, thread: WorkerThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[int] = []
    task = queue.task(name="one")(ran.append)
    jobs = [queue.enqueue(task.s(number)) for number in range(3)]
    commit = Attempt.commit

    def failing(attempt: Attempt) -> None:
        if ran == [0]:
            monkeypatch.undo()
            raise apsw.FullError("full")
        commit(attempt)

    monkeypatch.setattr(Attempt, "commit", failing)
    thread.work()
    assert database.value("SELECT count(*) FROM task WHERE state = 'running'") == 0
    while thread.work():
        pass
    assert ran[1:] == [1, 2]
    assert [queue.state(job).state for job in jobs[1:]] == ["done", "done"]


@pytest.mark.parametrize("fails", [False, True], ids=["then", "error"])
def test_what_follows_a_job_goes_with_an_end_that_cannot_be_written(
    queue: JobQueue, thread: WorkerThread, monkeypatch: pytest.MonkeyPatch, fails: bool
) -> None:
    @queue.task(name="first")
    def first() -> None:
        if fails:
            raise ValueError("no")

    @queue.task(name="next")
    def following(_: Any = None) -> None:
        pass

    queue.enqueue(first.s().error(following.s()) if fails else first.s().then(following))
    commit = Attempt.commit

    def failing(attempt: Attempt) -> None:
        monkeypatch.undo()
        raise apsw.FullError("full")

    monkeypatch.setattr(Attempt, "commit", failing)
    thread.work()
    assert Attempt.commit is commit, "it was called"
    while thread.work():
        pass
    assert queue.database.sql("SELECT name, state FROM task ORDER BY id") == [("first", "dead")]


def test_job_that_cannot_be_handed_back_for_want_of_space_says_so_once(
    queue: JobQueue, thread: WorkerThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[str] = []
    queue.events.subscribe(lambda signal: heard.append(signal.event))
    change, refused = thread.engine.change, itertools.repeat(apsw.FullError("full"), 3)

    def refusing(changes: Any) -> Any:
        for error in refused:
            raise error
        return change(changes)

    @queue.task(name="one")
    def one() -> None:
        monkeypatch.setattr(thread.engine, "change", refusing)
        raise Stopped(1, "the program ends")

    monkeypatch.setattr("jobs.worker_thread.FULL_SECONDS", 0.0)
    job = queue.enqueue(one.s())
    thread.work()
    assert heard == ["no space"] and queue.state(job).state == "waiting"


def test_job_that_has_begun_is_not_handed_back(database: Database, queue: JobQueue) -> None:
    task = queue.task(name="one")(lambda: None)
    jobs = [queue.enqueue(task.s()) for _ in range(2)]
    with database.write():
        claims = queue.storage.claim(2, queue.owner.id, queue.lease)
        database.sql("UPDATE task SET started_at = 1 WHERE id = ?", (jobs[0],))
        queue.storage.hand_back(claims)
        database.many(sql.HAND_BACK_SUSPECT, [(each.id, each.claims) for each in claims])
    assert [queue.state(job).state for job in jobs] == ["running", "waiting"]


# -- the next batch, claimed with the end of the last one ------------------------------------------------------


@pytest.mark.parametrize("options", [{}, {"durable": True}, {"atomic": True}])
def test_next_batch_is_claimed_in_the_transaction_that_ends_the_last_one(
    database: Database,
    queue: JobQueue,
    options: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One transaction for each of five jobs in batches of one, and one for the first claim."""
    monkeypatch.setattr("jobs.worker_thread.GROUP", 1)
    ran: list[int] = []
    task = queue.task(name="one", **options)(ran.append)
    queue.enqueue_many(task, ((number,) for number in range(5)))
    thread = WorkerThread(queue, threading.Event())
    assert queue.owner
    seen = commits(database)
    assert thread.work(on=True) == 5
    assert (ran, len(seen)) == ([0, 1, 2, 3, 4], 6)
    assert database.sql("SELECT state, claims, tries FROM task") == [("done", 1, 1)] * 5
    assert thread.work(on=True) == 0
    seal_events(database)
    assert prove(database).violations == []


def test_job_that_was_taken_over_claims_nothing_with_its_end(
    database: Database, queue: JobQueue, thread: WorkerThread
) -> None:
    thread._size = 1
    other = WorkerRegistration(database, "default")

    @queue.task()
    def one(number: int) -> None:
        if number == 0:
            with database.write():
                database.sql("UPDATE task SET claims = claims + 1, owner = ? WHERE id = 1", (other.id,))

    queue.enqueue_many(one, ((number,) for number in range(2)))
    assert thread.work(on=True) == 1
    assert database.sql("SELECT state, claims FROM task") == [("running", 2), ("waiting", 0)]
    other.close()


def test_worker_that_stops_claims_nothing_with_the_end_of_its_job(
    database: Database, queue: JobQueue, thread: WorkerThread
) -> None:
    thread._size = 1
    task = queue.task(name="one")(lambda number: thread.stopping.set())
    queue.enqueue_many(task, ((number,) for number in range(2)))
    assert thread.work(on=True) == 1
    assert database.sql("SELECT state, claims FROM task") == [("done", 1), ("waiting", 0)]


def test_job_of_a_lane_with_a_limit_makes_room_for_the_next(
    database: Database, queue: JobQueue, thread: WorkerThread
) -> None:
    task = queue.task(name="one", concurrency=1)(lambda number: None)
    queue.enqueue_many(task, ((number,) for number in range(3)))
    queue.storage.find_lanes()
    assert thread.work(on=True) == 3


def test_job_that_is_tried_again_at_once_is_claimed_with_its_failure(
    queue: JobQueue, thread: WorkerThread
) -> None:
    tries: list[int] = []

    @queue.task(retries=2, retry_delay=0)
    def fails() -> None:
        tries.append(1)
        raise ValueError("no")

    job = queue.enqueue(fails.s())
    assert thread.work(on=True) == 3
    assert (queue.state(job).state, queue.state(job).tries, len(tries)) == ("dead", 3, 3)


def test_waiting_for_the_turn_to_write_makes_no_batch_smaller(
    database: Database, queue: JobQueue, thread: WorkerThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else jobs of several threads would end in smaller groups the more of them wait, and wait the longer."""
    now = [0.0]
    begin = Database._begin

    def after_a_while(each: Database, durable: bool) -> None:
        now[0] += 10
        begin(each, durable)

    monkeypatch.setattr("jobs.worker_thread.time.monotonic", lambda: now[0])
    monkeypatch.setattr(Database, "_begin", after_a_while)
    thread._size = 2
    queue.enqueue_many(queue.task(name="one", atomic=True)(lambda: None), ((),) * 4)
    assert thread.work(on=True) == 4
    assert thread._size == 4
