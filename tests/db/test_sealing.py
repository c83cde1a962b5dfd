"""Rows of evidence that are removed or changed in sets are witnessed as if each had been by a statement."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
import pytest

from db import Database, audit, sealing
from db.sealing import Rewrite

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


def test_rows_among_others_and_twice_named_are_removed_once(
    database: Database, path: Path, both: Callable[..., set[Any]]
) -> None:
    fill(database, 3_000)
    with database.write():
        remove(database, *range(2_900, 0, -2), 2, 2)
    assert gone(database) == [(number,) for number in range(2, 2_901, 2)]
    assert database.value("SELECT count(*) FROM header") == 3_000 - 1_450
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


# -- rows that change in sets ------------------------------------------------------------------------------

BUYER = "INSERT INTO buyer (id, name, max_price, created_at, updated_at) VALUES (?, ?, 1, 1, 1)"


def rewrite_of(database: Database) -> Rewrite:
    return Rewrite(database, "buyer", ("id", "name", "max_price", "email"), ("max_price", "email"))


def buyers(database: Database, rewrite: Rewrite, count: int) -> list[tuple[Any, ...]]:
    with database.write():
        database.many(BUYER, [(number, f"Buyer {number}") for number in range(1, count + 1)])
    return database.sql(f"SELECT {', '.join(rewrite.columns)} FROM buyer ORDER BY id")


@pytest.mark.parametrize("count", [1, 300, 2_500])
def test_both_verifiers_find_changed_rows_right(
    database: Database, path: Path, both: Callable[..., set[Any]], count: int
) -> None:
    rewrite = rewrite_of(database)
    rows = [
        (key, name, 2_000 + key, "a@b.c", *rest)
        for key, name, _, _, *rest in buyers(database, rewrite, count)
    ]
    witnesses = rewrite.hashes(rows)
    entries = audit.head(database).entries
    with database.write():
        rewrite.update(rows, witnesses)
    assert audit.head(database).entries == entries + 1
    assert database.sql(f"SELECT {', '.join(rewrite.columns)} FROM buyer ORDER BY id") == rows
    salts = "SELECT count(*) FROM witness WHERE tbl = 'buyer' AND salt IS {} NULL"
    assert [database.value(salts.format(word)) for word in ("", "NOT")] == [count, count]
    assert database.connection().config(apsw.SQLITE_DBCONFIG_ENABLE_TRIGGER, -1) == 1
    database.close_all()
    assert both(path) == set()


def test_a_change_that_is_rolled_back_leaves_nothing(
    database: Database, path: Path, both: Callable[..., set[Any]]
) -> None:
    rewrite = rewrite_of(database)
    before = buyers(database, rewrite, 3)
    rows = [(key, name, 5, "a@b.c", *rest) for key, name, _, _, *rest in before]
    with pytest.raises(LookupError), database.write():
        rewrite.update(rows, rewrite.hashes(rows))
        raise LookupError
    assert database.sql(f"SELECT {', '.join(rewrite.columns)} FROM buyer ORDER BY id") == before
    database.close_all()
    assert both(path) == set()


def test_what_cannot_be_changed_so_is_refused(database: Database) -> None:
    rewrite = rewrite_of(database)
    rows = buyers(database, rewrite, 2)
    witnesses = rewrite.hashes(rows)
    with pytest.raises(RuntimeError, match=r"inside of write\(\)"):
        rewrite.update(rows, witnesses)
    with pytest.raises(ValueError, match="its witness"), database.write():
        rewrite.update(rows, witnesses[:1])
    with pytest.raises(RuntimeError, match="are not there"), database.write():
        database.sql("DELETE FROM buyer WHERE id = 2")
        rewrite.update(rows, witnesses)
    with database.write():
        rewrite.update([], [])
    assert database.value("SELECT count(*) FROM buyer") == 2
