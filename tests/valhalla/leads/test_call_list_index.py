"""The line of the call list's index: lowered where too few leads are above it, raised again where it need not be low."""

from __future__ import annotations

from typing import Any

import pytest

from db import Database, audit
from valhalla.leads import call_list_index, sql
from valhalla.safety import security


@pytest.fixture
def low(desk: Any, monkeypatch: pytest.MonkeyPatch) -> Database:
    """300 leads without a phone, all below the usual line."""
    monkeypatch.setattr(call_list_index, "ENOUGH", 20)
    monkeypatch.setattr(call_list_index, "FEW", 100)
    desk.take(
        "a.csv", "".join(f"Lead {n},l{n}@example.com,{100_000 if n % 2 else 900_000},,\n" for n in range(300))
    )
    database: Database = desk.database
    return database


def test_it_is_lowered_until_the_index_fills_a_list(low: Database) -> None:
    assert call_list_index.of(low) == call_list_index.USUAL
    assert low.value(sql.COUNT_INDEXED.format(call_list_index.USUAL, 100)) == 0
    moved = call_list_index.adapt(low)
    assert moved == call_list_index.of(low) == low.value("SELECT max(score_base) FROM lead")
    assert low.value(sql.COUNT_INDEXED.format(moved, 1_000)) >= 20
    assert call_list_index.adapt(low) is None, "once is enough"
    assert audit.check_chain(low) == []


def test_a_small_file_keeps_the_usual_line(low: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(call_list_index, "FEW", 300)
    assert call_list_index.adapt(low) is None and call_list_index.of(low) == call_list_index.USUAL


def test_it_is_raised_again_when_there_are_enough_good_leads(low: Database) -> None:
    call_list_index.adapt(low)
    with low.write():
        low.sql("UPDATE lead SET score_base = 5000 WHERE id <= 39")
    assert call_list_index.adapt(low) is None, "not for a handful: it would be lowered again soon"
    with low.write():
        low.sql("UPDATE lead SET score_base = 5000 WHERE id <= 40")
    assert call_list_index.adapt(low) == call_list_index.USUAL


def test_a_moved_line_is_no_drift_of_the_schema_and_another_index_is(low: Database) -> None:
    call_list_index.adapt(low)
    assert security.check_schema(low)[0] == security.PASSED
    low.sql("DROP INDEX lead_by_score")
    assert security.check_schema(low)[0] == security.FAILED
    with pytest.raises(LookupError, match="no call list index"):
        call_list_index.of(low)


def test_it_is_lowered_until_freshness_cannot_bring_others_onto_a_list(
    low: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(call_list_index, "LISTED", 30)
    with low.write():
        low.sql("UPDATE lead SET score_base = 2250 + id WHERE id <= 60")
        low.sql("UPDATE lead SET score_base = 2150 WHERE id BETWEEN 61 AND 90")
    moved = call_list_index.adapt(low)
    assert moved is not None and moved <= 2150, "a fresh one of those comes before the thirtieth"
    assert call_list_index.adapt(low) is None
    monkeypatch.setattr(call_list_index, "MOST", 10)
    assert call_list_index.adapt(low) is None


def test_it_is_lowered_as_far_as_it_must_be_at_once(low: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(call_list_index, "LISTED", 30)
    with low.write():
        low.sql("UPDATE lead SET score_base = 1000 - id")
    freshest = call_list_index._freshest(low)
    assert freshest > 100
    assert call_list_index.adapt(low) == 1_000 - 31 - freshest
    assert call_list_index.adapt(low) is None
    monkeypatch.setattr(call_list_index, "MOST", 60)
    assert call_list_index._fitting(low) == 1_000 - 60, "those who could be on a list are too many"
