"""Leads in the order in which they came."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from valhalla.leads import facts
from valhalla.leads.view import Record, Viewer


@pytest.fixture
def viewer(desk: Any) -> Viewer:
    places = ("Houston TX", "Dallas TX", "Houston TX", "Waco TX", "Houston TX")
    rows = "".join(f"L{n},l{n}@example.com,1,,{place}\n" for n, place in enumerate(places, 1))
    desk.take("a.csv", rows)
    desk.take(
        "b.csv", rows.replace(",1,", ",2,").partition("L3")[0] + "L6,l6@example.com,1,,Houston TX\n", "b"
    )
    return Viewer.now(desk.database)


def ids(records: Iterator[Record]) -> list[int]:
    return [record.lead.id for record in records]


def test_everyone_is_everyone_once(viewer: Viewer, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ids(viewer.everyone()) == [1, 2, 3, 4, 5, 6]
    assert ids(viewer.everyone(2)) == [1, 2] and ids(viewer.everyone(0)) == []
    assert ids(viewer.everyone(market="Houston, TX")) == [1, 3, 5, 6]
    assert ids(viewer.everyone(1, source="b")) == [6]
    page = Viewer.page  # as of a thousand leads and more
    monkeypatch.setattr(
        Viewer, "page", lambda self, after, limit, **of: page(self, after, min(limit, 2), **of)
    )
    assert ids(viewer.everyone()) == [1, 2, 3, 4, 5, 6] and ids(viewer.everyone(5)) == [1, 2, 3, 4, 5]


def test_what_imports_touched_comes_import_by_import(viewer: Viewer) -> None:
    assert ids(viewer.touched([2])) == [1, 2, 6]
    assert ids(viewer.touched([2, 1])) == [1, 2, 6, 3, 4, 5]


@pytest.mark.parametrize(
    ("location", "place"),
    [
        ("Houston, TX 77002", ("Houston", "TX", "77002")),
        ("Houston, TX", ("Houston", "TX", None)),
        (None, (None, "TX", None)),
    ],
)
def test_the_state_is_known_also_without_a_place(
    viewer: Viewer, location: str | None, place: tuple[str | None, ...]
) -> None:
    lead = viewer.record(1).lead._replace(location=location)
    assert lead.state == "TX"
    found = facts.facts(lead, {}, [])
    assert tuple(found[part] for part in ("city", "state", "zip")) == place
