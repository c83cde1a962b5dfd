"""Rows that are held column by column are the rows."""

from __future__ import annotations

from typing import Any

import pytest

from valhalla.intake.reading import Columns
from valhalla.scoring.stages.row import Row


def row(number: int) -> Row:
    blanks: dict[str, Any] = dict.fromkeys(Row._fields)
    more = {"name": f"P {number}", "identity": number, "aliases": (number,) * (number % 3)}
    return Row(**{**blanks, **more})


@pytest.mark.parametrize("count", [0, 1, 7])
def test_they_are_the_same_rows_in_the_same_order(count: int) -> None:
    rows = [row(number) for number in range(count)]
    given = Columns.of(rows)
    for columns in (given, Columns(given.columns)):  # one knows the rows, the other puts them together
        assert len(columns) == count and list(columns) == rows
        assert [columns[at] for at in range(count)] == rows and list(columns[1:3]) == rows[1:3]
        assert all(isinstance(each, Row) for each in columns)
        assert Columns.of(columns) is columns
        assert list(columns.where([at % 2 for at in range(count)])) == rows[1::2]


def test_rows_that_are_there_are_not_made_again() -> None:
    rows = [row(1), row(2)]
    assert all(one is other for one, other in zip(Columns.of(rows), rows, strict=True))
