"""The call list is exactly the best leads, whatever the index holds."""

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
from valhalla.leads import call_list as top_module
from valhalla.leads import call_list_index, sql
from valhalla.leads.call_list import top
from valhalla.leads.view import Viewer
from valhalla.program import settings
from valhalla.program.database import open_database
from valhalla.scoring import store as stages
from valhalla.scoring.stages.score import freshness


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory, script: Callable[[str], Any]) -> Path:
    """A file with 3,000 leads; each test has a copy."""
    folder = tmp_path_factory.mktemp("imported")
    script("make_leads").write_leads(folder / "leads.csv", 3_000, seed=21)
    with open_database(folder / "valhalla.db") as database:
        stages.seed(database)
        import_file(database, Request(str(folder / "leads.csv")))
    return folder / "valhalla.db"


@pytest.fixture
def database(imported: Path, tmp_path: Path) -> Iterator[Database]:
    with open_database(shutil.copy(imported, tmp_path)) as database:
        yield database


def viewer(database: Database) -> Viewer:
    return Viewer(
        database,
        database.clock(),
        settings.effective(database) | {"quiet_hours": "20:00-08:00", "timezone": None},
    )


def by_hand(database: Database, count: int, market: str | None, source: str | None) -> list[int]:
    """Every lead looked at, and sorted by the documented order."""
    view = viewer(database)
    now, rules = view.at, view.score
    rows = database.sql(
        f"SELECT id, score_base, {sql.FRESH_AT}, list_date, expected_value, identity, market, source, status FROM lead"
    )
    ranked = [
        (
            -(base + (freshness(since, now, rules) if date is not None else 0)),
            -(value if value is not None else -(2**62)),
            -since,
            who,
            number,
        )
        for number, base, since, date, value, who, place, origin, status in rows
        if (market is None or place == market) and (source is None or origin == source) and status == "new"
    ]
    return [number for *_, number in sorted(ranked)[:count]]


@pytest.mark.parametrize("count", [1, 10, 700, 5_000])
@pytest.mark.parametrize(
    ("market", "source"),
    [(None, None), ("Houston, TX", None), (None, "probate-list"), ("Tampa, FL", "referral")],
)
def test_it_is_what_sorting_everything_gives(
    database: Database, count: int, market: str | None, source: str | None
) -> None:
    found = [
        record.lead.id for record in top(database, viewer(database), count, market=market, source=source)
    ]
    assert found == by_hand(database, count, market, source)
    assert len(found) == min(count, len(by_hand(database, 9_999, market, source)))


def test_leads_on_both_sides_of_the_line_are_found(database: Database) -> None:
    above = database.value(f"SELECT count(*) FROM lead WHERE score_base >= {call_list_index.USUAL}")
    assert 0 < above < 1_000, "the sample must have leads on both sides"
    found = top(database, viewer(database), above + 50)
    assert [record.lead.id for record in found] == by_hand(database, above + 50, None, None)


@pytest.mark.parametrize(
    ("market", "source"),
    [
        ("Houston, TX", None),
        (None, "probate-list"),
        ("Tampa, FL", "referral"),
        ("Nowhere, TX", None),
        (None, "?"),
    ],
)
def test_the_few_leads_of_a_market_or_source_are_found_without_looking_at_all(
    database: Database, index: Any, market: str | None, source: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    index(database)
    if source != "?":  # which has no word that could be looked for
        monkeypatch.setattr(sql, "BELOW", "SELECT 1 FROM lead_that_must_not_be_walked")
    found = top_module.numbers(database, viewer(database), 5_000, market=market, source=source)
    assert found == by_hand(database, 5_000, market, source)


def test_freshness_counts_among_leads_of_one_base(database: Database) -> None:
    with database.write():
        database.sql(
            "UPDATE lead SET score_base = 9000, list_date = ? WHERE id = 7", (database.clock() - 40 * DAY,)
        )
        database.sql(
            "UPDATE lead SET score_base = 9000, list_date = ? WHERE id = 5", (database.clock() - 2 * DAY,)
        )
    assert [record.lead.id for record in top(database, viewer(database), 2)] == [5, 7]


def test_nobody_who_is_done_or_suppressed_is_in_it(database: Database) -> None:
    first, second, third = (record.lead.id for record in top(database, viewer(database), 3))
    with database.write():
        database.sql("UPDATE lead SET status = 'won' WHERE id = ?", (first,))
        database.sql("UPDATE lead SET suppressed = 'asked' WHERE id = ?", (second,))
    found = [record.lead.id for record in top(database, viewer(database), 3_000)]
    assert found[0] == third and first not in found and second not in found


@pytest.mark.parametrize("wanted", [9_000, 3_500, 2_000, -5_000])
@pytest.mark.parametrize("page", [1, 7, 1_000])
def test_it_is_the_same_wherever_the_line_is_and_however_it_is_read(
    database: Database, monkeypatch: pytest.MonkeyPatch, wanted: int, page: int
) -> None:
    monkeypatch.setattr(top_module, "PAGE", page)
    monkeypatch.setattr(top_module, "THIN_PAGE", page)
    call_list_index._move(database, wanted)
    assert call_list_index.of(database) == wanted
    for count in (1, 60, 800):
        assert [each.lead.id for each in top(database, viewer(database), count)] == by_hand(
            database, count, None, None
        )


def test_leads_with_the_same_points_are_in_order_of_expected_value_and_of_who_they_are(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(top_module, "PAGE", 20)
    monkeypatch.setattr(top_module, "THIN_PAGE", 7)
    with database.write():
        database.sql(
            "UPDATE lead SET score_base = 4000, list_date = NULL, created_at = ?, expected_value = CASE id % 3 WHEN 0 THEN NULL "
            "ELSE (id % 7) * 100 END",
            (database.clock(),),
        )
    for count in (1, 30, 400):
        assert [each.lead.id for each in top(database, viewer(database), count)] == by_hand(
            database, count, None, None
        )


def test_the_list_is_read_from_the_index_alone_and_sorts_nothing(database: Database) -> None:
    words = (call_list_index.of(database), "0", "market")
    given = {"base": 1, "oldest": 0, "before": 9, "limit": 5, "now": 1, "market": "x", "date": 1}
    for text in (sql.OF_BASE, sql.OF_DATE):
        plan = " ".join(
            row[3] for row in database.sql("EXPLAIN QUERY PLAN " + sql.chosen(text, *words), given)
        )
        assert "USING INDEX lead_by_score" in plan and "TEMP B-TREE" not in plan
