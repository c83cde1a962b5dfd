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

OF_A_JOB = "SELECT * FROM task ORDER BY id"
OF_AN_EVENT = "SELECT * FROM job_event ORDER BY id"


def test_a_file_of_before_keeps_its_jobs_and_gives_no_number_twice(tmp_path: Path) -> None:
    path = tmp_path / "queue.db"
    with Database.open(path, BEFORE_CHECKS) as before:
        for number in range(1, 5):
            row = ("default", "", "work", "waiting", number, "{}", None, None, None, 1_000 + number)
            before.sql(sql.INSERT_BULK, row)
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
        row = ("default", "", "work", "waiting", 0, "{}", None, None, None, 1)
        before.many(sql.INSERT_BULK, [row, row])
        before.sql("DELETE FROM task")
    with JobQueue.open(path) as queue:
        assert queue.engine.last_job() == 2
        assert queue.enqueue(queue.task(name="work")(int).s()) == 3


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
