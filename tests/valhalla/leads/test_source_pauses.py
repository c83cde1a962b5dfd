"""A paused source: its leads leave the call list at once, come back by themselves, and nothing is written to them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from db import Database
from db.clock import DAY
from valhalla.intake.importer import import_file
from valhalla.intake.request import Request
from valhalla.leads import call_list, call_list_index, source_pauses, source_pausing, sql
from valhalla.leads.view import Viewer
from valhalla.program import settings
from valhalla.program.database import open_database
from valhalla.program.errors import NotFound, UsageError
from valhalla.scoring import store as stages

NOW = 1_800_000_000_000_000


@pytest.fixture
def clock() -> list[int]:
    return [NOW]


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory, script: Callable[[str], Any]) -> Path:
    """A file with 1,500 leads; each test has a copy."""
    folder = tmp_path_factory.mktemp("imported")
    script("make_leads").write_leads(folder / "leads.csv", 1_500, seed=21)
    with open_database(folder / "valhalla.db") as database:
        database.clock = lambda: NOW
        stages.seed(database)
        import_file(database, Request(str(folder / "leads.csv")))
        with database.write():
            database.sql(
                "INSERT OR IGNORE INTO source (name, created_at) SELECT DISTINCT source, 0 FROM lead"
            )
    return folder / "valhalla.db"


@pytest.fixture
def database(imported: Path, clock: list[int], tmp_path: Path) -> Iterator[Database]:
    with open_database(shutil.copy(imported, tmp_path)) as database:
        database.clock = lambda: clock[0]
        yield database


def listed(database: Database, count: int = 5_000, **filters: Any) -> list[int]:
    viewer = Viewer(
        database,
        database.clock(),
        settings.effective(database) | {"quiet_hours": "20:00-08:00", "timezone": None},
    )
    return call_list.numbers(database, viewer, count, **filters)


def of_source(database: Database, source: str) -> set[int]:
    return {number for (number,) in database.sql("SELECT id FROM lead WHERE source = ?", (source,))}


@pytest.mark.parametrize("line", [9_000, 3_500, -5_000])
@pytest.mark.parametrize("count", [1, 40, 5_000])
def test_the_list_is_what_it_was_without_the_paused(database: Database, line: int, count: int) -> None:
    call_list_index._move(database, line)
    paused = of_source(database, "probate-list") | of_source(database, "referral")
    wanted = [number for number in listed(database) if number not in paused][:count]
    source_pausing.pause(database, "probate-list", "pause", "too many wrong numbers")
    source_pausing.pause(database, "referral", "stop", "the partner left")
    assert paused and listed(database, count) == wanted
    assert listed(database, source="referral") == []


def test_a_source_is_also_the_lists_that_belong_to_it(database: Database) -> None:
    source_pausing.pause(database, "csv", "pause", "bad list")
    assert listed(database) == [] and not of_source(database, "csv")


def test_a_pause_ends_by_itself_or_when_it_is_resumed(database: Database, clock: list[int]) -> None:
    everybody, before = listed(database), list(database.sql("SELECT * FROM lead"))
    made = source_pausing.pause(database, "referral", "pause", "waits", until="2w")
    assert made.until == NOW + 14 * DAY and set(source_pauses.in_force(database)) == {"referral"}
    clock[0] += 14 * DAY
    assert source_pauses.in_force(database) == {} and len(listed(database)) == len(everybody)
    with pytest.raises(UsageError, match="is not paused"):
        source_pausing.resume(database, "referral")
    again = source_pausing.pause(database, "referral", "stop", "for good")
    assert source_pauses.stopped(database, "referral") == again
    source_pausing.resume(database, "referral")
    assert source_pauses.stopped(database, "referral") is None and len(listed(database)) == len(everybody)
    assert list(database.sql("SELECT * FROM lead")) == before
    ends = [end for (end,) in database.sql("SELECT ended_at FROM source_pause ORDER BY id")]
    assert ends == [made.until, clock[0]]
    actions = [
        action
        for (action,) in database.sql("SELECT action FROM audit WHERE action LIKE 'source.%' ORDER BY seq")
    ]
    assert actions == ["source.pause", "source.stop", "source.resume"]


def test_the_walk_passes_over_paused_leads_in_the_index(database: Database) -> None:
    """Looking each of them up in the table would take as long as reading every lead."""
    wait = call_list.due_after(
        Viewer(
            database, NOW, settings.effective(database) | {"quiet_hours": "20:00-08:00", "timezone": None}
        ).calling
    )
    text = sql.chosen(sql.OF_BASE, call_list_index.of(database), wait, paused=2)
    given = {
        "base": 0,
        "oldest": 0,
        "before": 0,
        "limit": 1,
        "now": 0,
        "paused0": "a",
        "paused1": "b",
        "files": "[]",
    }
    assert "source NOT IN (:paused0, :paused1)" in text, "a subquery would be asked after the lead is read"
    plan = " ".join(str(step[3]) for step in database.sql(f"EXPLAIN QUERY PLAN {text}", given))
    assert "USING INDEX lead_by_score" in plan and "TEMP B-TREE" not in plan


def test_what_makes_no_sense_is_refused(database: Database) -> None:
    with pytest.raises(UsageError, match="say why"):
        source_pausing.pause(database, "referral", "pause", " ")
    with pytest.raises(UsageError, match="not in the future"):
        source_pausing.pause(database, "referral", "pause", "x", until="2001-01-01")
    with pytest.raises(NotFound, match="do you mean referral"):
        source_pausing.pause(database, "referal", "pause", "x")
    assert source_pauses.in_force(database) == {}
