"""What is known of a job."""

from __future__ import annotations

from db import Database
from jobs import JobQueue


def test_columns_that_hold_no_json_are_shown_as_they_are(database: Database, queue: JobQueue) -> None:
    job = queue.enqueue(queue.task(name="one")(lambda: None).s())
    assert (queue.state(job).tags, queue.state(job).progress, queue.state(job).result) == ([], None, None)
    with database.write():
        database.sql("UPDATE task SET tags = '[1, \"a\"]', progress = '{\"at\": 5}', result = '7'")
    shown = queue.state(job)
    assert (shown.tags, shown.progress, shown.result) == (["1", "a"], {"at": 5}, 7)
    with database.write():
        database.sql("UPDATE task SET tags = 'no', progress = 'half', result = '{'")
    shown = queue.state(job)
    assert (shown.tags, shown.progress, shown.result) == ([], "half", "{")
