"""The storage as Huey sees it."""

from __future__ import annotations

import datetime

import pytest
from huey.constants import EmptyData

from db import Database
from jobs import JobQueue, sql
from jobs.errors import BadRow
from jobs.testing import FakeClock


def test_key_value_store_and_counters(queue: JobQueue) -> None:
    storage = queue.storage
    assert storage.peek_data("key") is EmptyData
    storage.put_data("key", b"1")
    storage.put_data("key", b"2")
    assert storage.peek_data("key") == b"2"
    assert storage.peek_many(["key", "other"]) == {"key": b"2"}
    assert not storage.put_if_empty("key", b"3")
    assert storage.pop_data("key") == b"2"
    assert storage.pop_data("key") is EmptyData
    assert not storage.delete_data("key")
    assert [storage.incr("n"), storage.incr("n", 5), storage.incr("n", 0)] == [1, 6, 6]
    storage.delete_counter("n")
    assert storage.incr("n", 0) == 0
    storage.flush_all()
    assert storage.result_store_size() == 0


def test_message_of_huey_becomes_a_job(queue: JobQueue, database: Database) -> None:
    clock = FakeClock()
    database.clock = clock
    task = queue.task(name="one")(lambda *args: None)
    message = queue.serialize_task(task.s(1, 2))
    queue.storage.enqueue(message.encode(), 3)
    queue.storage.add_to_schedule(message, datetime.datetime(2026, 1, 1, 12, 0, 30))
    assert (queue.storage.queue_size(), queue.storage.schedule_size()) == (1, 1)
    assert [each.args for each in queue.pending() + queue.scheduled()] == [(1, 2), (1, 2)]
    assert queue.storage.read_schedule(datetime.datetime(2026, 1, 1, 12, 0, 29)) == []
    assert queue.storage.schedule_size() == 1
    queue.storage.read_schedule(datetime.datetime(2026, 1, 1, 12, 0, 30))
    assert (queue.storage.queue_size(), queue.storage.schedule_size()) == (2, 0)


@pytest.mark.parametrize("message", ["", "[]", '{"args": []}', '{"name": 7}'])
def test_message_that_is_none_is_refused(queue: JobQueue, message: str) -> None:
    with pytest.raises(BadRow):
        queue.storage.enqueue(message)


def test_jobs_are_not_dequeued(queue: JobQueue) -> None:
    with pytest.raises(NotImplementedError):
        queue.dequeue()


def test_lanes_are_found_by_jumping(queue: JobQueue, database: Database) -> None:
    tasks = [
        queue.task(name=f"kind-{n}", queue=f"queue-{n % 2}", concurrency=1 + n)(lambda: None)
        for n in range(4)
    ]
    for task in tasks:
        queue.enqueue_many(task, ((),) * 50)
    assert queue.storage.find_lanes() == {(f"queue-{n % 2}", f"kind-{n}") for n in range(4)}


def test_lock_with_a_time_to_live_is_free_again_when_that_is_over(
    queue: JobQueue, database: Database
) -> None:
    clock = FakeClock()
    database.clock = clock
    storage = queue.storage
    assert storage.put_if_empty("door", b"1", ttl=10)
    clock.advance(9.9)
    assert storage.has_data_for_key("door")
    assert not storage.put_if_empty("door", b"2", ttl=10)
    clock.advance(0.1)
    assert not storage.has_data_for_key("door")
    assert storage.put_if_empty("door", b"3", ttl=10)
    assert storage.peek_data("door") == b"3"


HOT = {
    "FIRST_LANE": ("default",),
    "NEXT_LANE": ("default", ""),
    "NEXT_QUEUE": ("default",),
    "HEAD_OF_LANE": ("default", ""),
    "RUNNING_IN_LANE": ("default", ""),
    "CLAIM": (1, 9, "default", "", 1),
    "START": (1, 1, 1),
    "FINISH": ("done", 1, 0, None, None, 1, 1),
    "EVENT": (1, 1, "started", 1, 1, None, None),
}


@pytest.mark.parametrize("name", HOT)
def test_statement_of_every_job_is_planned_once(queue: JobQueue, name: str) -> None:
    # SQLite asks the authorizer whenever it plans a statement, also when another value is bound has it plan one anew.
    database, values, asked = queue.database, HOT[name], []
    with database.write():
        connection = database.connection()
        connection.execute(getattr(sql, name), values).fetchall()
        before = connection.authorizer
        connection.authorizer = lambda *about: asked.append(about) or 0
        connection.execute(
            getattr(sql, name), values
        ).fetchall()  # a new authorizer has all of them planned anew
        asked.clear()
        for _ in range(2):
            values = tuple(each + 1 if isinstance(each, int) else each for each in values)
            values = tuple("other" if each == "default" else each for each in values)
            connection.execute(getattr(sql, name), values).fetchall()
        connection.authorizer = before
    assert asked == []
