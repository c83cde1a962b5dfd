"""The call list is exactly the best leads, whatever the index holds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from db import Database
from db.clock import DAY
from valhalla.importing.importer import Request, import_file
from valhalla.leads import sql
from valhalla.leads.top import top
from valhalla.leads.view import Viewer
from valhalla.stages import context as stages
from valhalla.stages.score import freshness


@pytest.fixture
def database(lead_list: Any) -> Iterator[Database]:
    path, _ = lead_list(3_000, seed=21)
    with Database.memory() as database:
        stages.seed(database)
        import_file(database, Request(str(path)))
        yield database


def viewer(database: Database) -> Viewer:
    return Viewer(database, database.clock(), quiet="20:00-08:00", zone=None)


def by_hand(database: Database, count: int, market: str | None, source: str | None) -> list[int]:
    """Every lead looked at, and sorted by the documented order."""
    view = viewer(database)
    now, rules = view.now, view.score
    rows = database.sql(
        f"SELECT id, score_base, {sql.FRESH_AT}, expected_value, market, source, status FROM lead"
    )
    ranked = [
        (-(base + freshness(since, now, rules)), -(value if value is not None else -(2**62)), number)
        for number, base, since, value, place, origin, status in rows
        if (market is None or place == market) and (source is None or origin == source) and status == "new"
    ]
    return [number for _, _, number in sorted(ranked)[:count]]


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
    above = database.value(f"SELECT count(*) FROM lead WHERE score_base >= {sql.INDEXED}")
    assert 0 < above < 1_000, "the sample must have leads on both sides"
    found = top(database, viewer(database), above + 50)
    assert [record.lead.id for record in found] == by_hand(database, above + 50, None, None)


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
