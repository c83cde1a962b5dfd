"""Going back to a copy, whatever has become of the home's file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from db import Database
from valhalla.audit import copies, exchange, restoring
from valhalla.audit.verifying import copy_of_file
from valhalla.program.database import open_database
from valhalla.program.home import Home
from valhalla.program.settings import save
from valhalla.service.program import Program

INTERVAL = "SELECT value FROM setting WHERE key = 'interval'"


@pytest.fixture
def database(place: Home) -> Iterator[Database]:
    """A home's file that went on after a copy of it was made."""
    with open_database(place.database) as database:
        save(database, "interval", "60")
        copies.make(database, place, place.audit / "then.db")
        save(database, "interval", "61")
        yield database


def test_what_is_there_stays_under_another_name(database: Database, place: Home) -> None:
    database.close_all()
    kept = restoring.restore(place, place.audit / "then.db")
    assert kept is not None
    for path, interval in ((kept, "61"), (place.database, "60")):
        assert copy_of_file(path).ok
        with open_database(path, create=False) as opened:
            assert opened.value(INTERVAL) == interval
    assert not kept.samefile(place.database)


@pytest.mark.parametrize("content", [b"words", b"SQLite format 3\0" + bytes(5000), b""])
def test_a_file_that_cannot_be_opened_is_replaced_and_kept_with_its_log(
    content: bytes, database: Database, place: Home
) -> None:
    database.close_all()
    place.database.write_bytes(content)
    log = Path(f"{place.database}-wal")
    if content:
        log.write_bytes(b"a log")
    kept = restoring.restore(place, place.audit / "then.db")
    assert kept is not None and (not content or kept.read_bytes() == content)
    if content:
        assert Path(f"{kept}-wal").read_bytes() == b"a log"
    assert not log.exists()
    with open_database(place.database, create=False) as opened:
        assert opened.value(INTERVAL) == "60"


def test_nothing_is_replaced_while_another_command_reads(
    database: Database, place: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "PATIENCE", 0.01)
    with database.view():
        assert database.value(INTERVAL) == "61"
        with open_database(place.database) as other:
            save(other, "interval", "62")
        with pytest.raises(exchange.InUse, match="another command reads"):
            restoring.restore(place, place.audit / "then.db")
    assert database.value(INTERVAL) == "62"
    assert not [*place.path.glob(".valhalla.db*"), *place.path.glob("valhalla-replaced-*")]


def test_the_start_ends_what_was_killed_in_between(database: Database, place: Home) -> None:
    database.close_all()
    (place.path / ".valhalla.db.restore").write_bytes(b"half")
    (place.audit / exchange.NOTE).write_text(
        '{"head": "a", "restart": 1, "why": "test", "kept": "valhalla-replaced-1.db"}', encoding="utf-8"
    )
    (place.path / "valhalla-replaced-1.db").hardlink_to(place.database)
    with Program.open(place) as program:
        assert program.database.value(INTERVAL) == "61"
    assert not [*place.path.glob(".valhalla.db*"), *place.path.glob("valhalla-replaced-*")]
    assert not (place.audit / exchange.NOTE).exists()
