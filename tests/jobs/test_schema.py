"""The queue's tables: what a file of before becomes, and what their checks cost."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import apsw
import pytest

from db import Database
from db.schema import Migrations
from jobs import JobQueue, sql
from jobs.schema import SCHEMA

(QUEUE,) = SCHEMA.migrations
BEFORE_CHECKS = replace(SCHEMA, migrations=(Migrations("jobs", QUEUE.scripts[:2]),))
"""The tables of which the checks were IN lists."""

PUT = """INSERT INTO task (queue, name, state, payload, priority, created_at)
         VALUES ('default', 'work', 'waiting', '{}', ?, ?)"""
OF_A_JOB = "SELECT * FROM task ORDER BY id"
OF_AN_EVENT = "SELECT * FROM job_event ORDER BY id"


def test_a_file_of_before_keeps_its_jobs_and_gives_no_number_twice(tmp_path: Path) -> None:
    path = tmp_path / "queue.db"
    with Database.open(path, BEFORE_CHECKS) as before:
        for number in range(1, 5):
            before.sql(PUT, (number, 1_000 + number))
            before.sql(sql.EVENT, (number, 1_000 + number, "enqueued", None, None, None, None))
        before.sql("DELETE FROM task WHERE id = 4")
        jobs, events = before.sql(OF_A_JOB), before.sql(OF_AN_EVENT)
    with JobQueue.open(path) as queue:
        work = queue.task(name="work")(int)
        assert queue.database.sql(OF_A_JOB) == jobs
        assert queue.database.sql(OF_AN_EVENT) == events
        assert queue.enqueue(work.s()) == 5


def test_a_file_whose_jobs_are_all_gone_goes_on_counting(tmp_path: Path) -> None:
    path = tmp_path / "queue.db"
    with Database.open(path, BEFORE_CHECKS) as before:
        before.many(PUT, [(0, 1), (0, 2)])
        before.sql("DELETE FROM task")
    with JobQueue.open(path) as queue:
        assert queue.engine.last_job() == 2
        assert queue.enqueue(queue.task(name="work")(int).s()) == 3


def test_the_number_of_a_job_that_is_deleted_is_not_given_again(tmp_path: Path) -> None:
    with JobQueue.open(tmp_path / "queue.db") as queue:
        work = queue.task(name="work")(int)
        assert [queue.enqueue(work.s()) for _ in range(3)] == [1, 2, 3]
        queue.database.sql("DELETE FROM task WHERE id = 1")  # an older one
        assert queue.enqueue(work.s()) == 4
        queue.storage.flush_queue()
        assert queue.engine.last_job() == 4
        queue.database.sql("DELETE FROM task")
        queue.database.sql(
            "INSERT INTO task (id, queue, name, state, payload, created_at) VALUES (1, '', '', 'done', '', 1)"
        )
        queue.database.sql("DELETE FROM task")  # by hand, of a number that was given before
    with JobQueue.open(tmp_path / "queue.db") as again:
        work = again.task(name="work")(int)
        assert again.enqueue(work.s(), unique="one") == 5
        again.enqueue_many(work, [(), (), ()])
        assert again.engine.last_job() == 8
        with again.transaction() as database:
            database.sql("DELETE FROM task WHERE id = 8")
            assert again.enqueue(work.s()) == 9
            database.sql("DELETE FROM task WHERE id = 9")
        assert again.enqueue(work.s()) == 10


def test_kinds_that_keep_nothing_use_up_their_numbers(tmp_path: Path) -> None:
    with JobQueue.open(tmp_path / "queue.db") as queue:
        work = queue.task(name="work", keep=False)(int)
        worker = queue.worker()
        worker.start()
        for number in (1, 2, 3):
            assert queue.enqueue(work.s()) == number
            queue.drain(10)
        worker.stop()
        assert queue.database.value("SELECT count(*) FROM task") == 0


def test_a_job_that_is_put_in_writes_three_pages(tmp_path: Path) -> None:
    """Its row, the index of those that wait, and its event."""
    with JobQueue.open(tmp_path / "queue.db") as queue:
        work = queue.task(name="work")(int)
        queue.enqueue(work.s())
        before = queue.database.sql("PRAGMA wal_checkpoint(NOOP)")[0][1]
        queue.enqueue(work.s())
        assert queue.database.sql("PRAGMA wal_checkpoint(NOOP)")[0][1] - before == 3


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE task SET state = 'asleep'",
        "UPDATE task SET unique_scope = 'for ever'",
        "UPDATE job_event SET event = 'guessed'",
        "UPDATE task SET state = 'scheduled'",
    ],
)
def test_what_no_job_can_be_is_refused(tmp_path: Path, statement: str) -> None:
    with JobQueue.open(tmp_path / "queue.db") as queue:
        queue.enqueue(queue.task(name="work")(int).s())
        with pytest.raises(apsw.ConstraintError, match="CHECK"), queue.transaction() as database:
            database.sql(statement)


@pytest.mark.parametrize("name", ["INSERT", "INSERT_BULK", "EVENT", "EVENT_PAIR", "START", "FINISH", "RETRY"])
def test_no_check_fills_a_table_in_memory(tmp_path: Path, name: str) -> None:
    """As an IN list of more than two values does, each time: that was a quarter of the cost of enqueueing."""
    with JobQueue.open(tmp_path / "queue.db") as queue:
        statement = getattr(sql, name)
        steps = queue.database.sql("EXPLAIN " + statement, (None,) * statement.count("?"))
        operations = {operation for _, operation, *_ in steps}
        assert {"Insert", "Halt"} <= operations  # this is a program that changes rows
        assert "OpenEphemeral" not in operations
