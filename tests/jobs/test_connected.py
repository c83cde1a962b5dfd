"""A queue on the program's own APSW connections: its rows and its jobs are one transaction."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import apsw
import pytest

from db import DatabaseError
from jobs import Queue, prove, seal_events


class Shop:
    """A program with a connection for each of its threads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._local = threading.local()
        connection = self.connect()
        connection.execute("PRAGMA application_id = 77; PRAGMA user_version = 5; PRAGMA foreign_keys = 1")
        connection.execute(
            "CREATE TABLE IF NOT EXISTS invoice (id INTEGER PRIMARY KEY, sent INTEGER DEFAULT 0)"
        )
        connection.execute("CREATE TABLE IF NOT EXISTS seen (id INTEGER)")
        connection.execute(
            "CREATE TRIGGER IF NOT EXISTS note AFTER INSERT ON invoice BEGIN INSERT INTO seen VALUES (new.id); END"
        )

    def connect(self) -> apsw.Connection:
        if not hasattr(self._local, "connection"):
            self._local.connection = apsw.Connection(str(self.path))
        connection: apsw.Connection = self._local.connection
        return connection

    def rows(self, text: str) -> list[object]:
        return [row[0] for row in self.connect().execute(text)]


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path / "shop.db")


@pytest.fixture
def queue(shop: Shop) -> Iterator[Queue]:
    with Queue.connected(shop.connect) as queue:
        yield queue


@pytest.fixture
def send(shop: Shop, queue: Queue) -> Callable[..., object]:
    @queue.task(name="send", atomic=True)
    def send(number: int) -> None:
        shop.connect().execute("UPDATE invoice SET sent = sent + 1 WHERE id = ?", (number,))
        if number < 0:
            raise ValueError("there is no such invoice")

    return send


def test_programs_own_transaction_commits_its_row_and_the_job(shop: Shop, queue: Queue, send: object) -> None:
    connection, enqueue = shop.connect(), send.enqueue  # type: ignore[attr-defined]
    with pytest.raises(RuntimeError, match="no"), connection:
        connection.execute("INSERT INTO invoice (id) VALUES (1)")
        enqueue(1)
        raise RuntimeError("no")
    assert (queue.jobs.find(), shop.rows("SELECT id FROM invoice")) == ([], [])
    connection.execute("BEGIN IMMEDIATE; INSERT INTO invoice (id) VALUES (2)")
    job = enqueue(2)
    other = apsw.Connection(str(shop.path))
    assert other.execute("SELECT count(*) FROM task").get == 0  # not before the program's commit
    connection.execute("COMMIT")
    assert [each.id for each in queue.jobs.find()] == [job]
    assert shop.rows("SELECT id FROM invoice") == shop.rows("SELECT id FROM seen") == [2]


def test_part_that_fails_is_undone_and_the_programs_transaction_goes_on(
    shop: Shop, queue: Queue, send: object
) -> None:
    connection = shop.connect()
    with connection:
        connection.execute("INSERT INTO invoice (id) VALUES (1)")
        with pytest.raises(ValueError, match="this part"), queue.transaction() as database:
            database.sql("INSERT INTO invoice (id) VALUES (2)")
            send.enqueue(2)  # type: ignore[attr-defined]
            raise ValueError("this part")
        send.enqueue(1)  # type: ignore[attr-defined]
    assert shop.rows("SELECT id FROM invoice") == [1] and len(queue.jobs.find()) == 1


def test_worker_runs_what_was_committed_and_ends_it_with_the_programs_rows(
    shop: Shop, queue: Queue, send: object
) -> None:
    worker = queue.worker(threads=2)
    worker.start()
    connection, enqueue = shop.connect(), send.enqueue  # type: ignore[attr-defined]
    with connection:
        for number in range(1, 6):
            connection.execute("INSERT INTO invoice (id) VALUES (?)", (number,))
            last = enqueue(number)
    assert queue.wait(last, timeout=20).state == "done"
    assert queue.wait(enqueue(-1), timeout=20).state == "dead"
    queue_ends = [queue.wait(each.id, timeout=20).state for each in queue.jobs.find(name="send")]
    assert worker.stop(timeout=10)
    assert queue_ends.count("done") == 5
    assert shop.rows("SELECT sent FROM invoice") == [1] * 5
    seal_events(queue.database)
    assert prove(queue.database).violations == []


def test_programs_settings_stay_as_they_were_and_its_connection_is_not_closed(shop: Shop) -> None:
    connection = shop.connect()
    connection.execute("PRAGMA synchronous = EXTRA")
    names = ("synchronous", "foreign_keys", "user_version", "application_id", "cache_size", "trusted_schema")
    before = [connection.pragma(name) for name in names]
    connection.set_commit_hook(lambda: False)
    with Queue.connected(shop.connect) as queue:
        queue.task(name="any")(lambda: None).enqueue()
        assert [connection.pragma(name) for name in names] == before
    assert connection.execute("SELECT count(*) FROM task").get == 1
    with Queue.connected(shop.connect) as queue:  # with its own triggers it is opened again
        assert not queue.database.readonly and len(queue.jobs.find()) == 1


def memory(_: Shop) -> apsw.Connection:
    return apsw.Connection(":memory:")


def traced(shop: Shop) -> apsw.Connection:
    connection = apsw.Connection(str(shop.path))
    connection.row_trace = lambda cursor, row: row
    return connection


@pytest.mark.parametrize(
    ("connect", "what"),
    [
        (memory, "in memory"),
        (traced, "row trace"),
        (lambda shop: str(shop.path), "returned a str, not an apsw.Connection"),
    ],
)
def test_connection_that_cannot_be_used_is_refused(
    shop: Shop, connect: Callable[[Shop], apsw.Connection], what: str
) -> None:
    with pytest.raises(DatabaseError, match=what):
        Queue.connected(lambda: connect(shop))


def test_table_of_the_same_name_is_named_and_nothing_is_written(shop: Shop) -> None:
    shop.connect().execute("CREATE TABLE Task (id INTEGER); CREATE TABLE schema_version (mine TEXT)")
    before = shop.rows("SELECT name FROM sqlite_schema")
    with pytest.raises(DatabaseError, match="called schema_version, task"):
        Queue.connected(shop.connect)
    assert shop.rows("SELECT name FROM sqlite_schema") == before


def test_trigger_on_a_table_of_the_queue_has_it_only_read(shop: Shop) -> None:
    Queue.connected(shop.connect).shut()
    shop.connect().execute("CREATE TRIGGER spy AFTER UPDATE ON task BEGIN DELETE FROM seen; END")
    with Queue.connected(shop.connect) as queue, pytest.raises(DatabaseError, match="trigger spy"):
        queue.task(name="any")(lambda: None).enqueue()


def test_one_connection_for_two_threads_is_refused(shop: Shop) -> None:
    only = shop.connect()
    with Queue.connected(lambda: only) as queue:
        found: list[Exception] = []

        def look() -> None:
            try:
                queue.jobs.find()
            except DatabaseError as error:
                found.append(error)

        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
        assert "each thread needs its own" in str(found[0])
