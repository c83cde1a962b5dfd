"""Rows of evidence that are removed in sets are witnessed as if each had been removed by a statement."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from db import Database, sealing

ADD = "INSERT INTO header (id, digest, names) VALUES (?, ?, '[]')"


def fill(database: Database, count: int) -> None:
    with database.write():
        database.many(ADD, [(number, str(number)) for number in range(1, count + 1)])


def gone(database: Database) -> list[tuple[Any, ...]]:
    return database.sql("SELECT key FROM witness WHERE tbl = 'header' AND hash IS NULL ORDER BY key")


def remove(database: Database, *numbers: int) -> None:
    sealing.remove(database, "header", array("q", numbers))


def test_the_entry_is_that_of_a_statement(database: Database) -> None:
    fill(database, 300)
    with database.write():
        remove(database, *range(100, 200))
    with database.write():
        database.sql("DELETE FROM header WHERE id BETWEEN 200 AND 299")
    ours, plain = (
        body
        for (body,) in database.sql(
            "SELECT body FROM audit WHERE subject = 'header' AND body LIKE '%\"removed\": 100%' OR body LIKE '%\"removed\":100%' ORDER BY seq"
        )
    )
    assert ours.split("keys")[0] == plain.split("keys")[0]
    assert gone(database) == [(number,) for number in range(100, 300)]
    left = database.value(
        "SELECT count(*) FROM witness WHERE tbl = 'header' AND hash IS NULL AND salt IS NOT NULL"
    )
    assert left == 0


def test_both_verifiers_find_it_right(database: Database, path: Path, both: Callable[..., set[Any]]) -> None:
    fill(database, 200)
    with database.write():
        remove(database, *range(50, 150), 9_000)
    database.close_all()
    assert both(path) == set()


def test_what_is_there_again_is_not_witnessed_as_removed(
    database: Database, path: Path, both: Callable[..., set[Any]]
) -> None:
    fill(database, 5)
    with database.write():
        with pytest.raises(LookupError), database.savepoint():
            remove(database, 1, 2)
            raise LookupError
        remove(database, 3)
        database.sql(ADD, (3, "again"))
        database.sql("UPDATE header SET names = '[1]' WHERE id = 4")
        remove(database, 4)
        database.sql("DELETE FROM header WHERE id = 5")
    assert gone(database) == [(4,), (5,)]
    assert database.sql("SELECT id FROM header ORDER BY id") == [(1,), (2,), (3,)]
    database.close_all()
    assert both(path) == set()


def test_what_was_rolled_back_is_forgotten(database: Database) -> None:
    fill(database, 3)
    with pytest.raises(LookupError), database.write():
        remove(database, 1, 2, 3)
        raise LookupError
    with database.write():
        database.sql(ADD, (4, "4"))
    assert gone(database) == [] and database.value("SELECT count(*) FROM header") == 4


def test_it_belongs_into_a_transaction(database: Database) -> None:
    with pytest.raises(RuntimeError, match="inside of write"):
        remove(database, 1)
