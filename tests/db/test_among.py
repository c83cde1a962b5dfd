"""The words that take many rows by their numbers take those rows, and no others."""

from __future__ import annotations

from array import array

import pytest

from db import Database
from db.among import among


@pytest.mark.parametrize(
    ("numbers", "word"),
    [([5], "BETWEEN"), ([3, 4, 5], "BETWEEN"), ([3, 5], "IN"), ([1, 2, 4], "IN"), ([], "BETWEEN")],
)
def test_those_rows_and_no_others(database: Database, numbers: list[int], word: str) -> None:
    words, given = among(array("q", numbers))
    asked = f"WITH RECURSIVE n (id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n WHERE id < 9) SELECT id FROM n WHERE id {words}"
    assert words.split()[0] == word
    assert [number for (number,) in database.sql(asked, given)] == numbers
