"""The words by which a statement takes many rows by their numbers."""

from __future__ import annotations

from array import array
from typing import Any

import apsw


def among(numbers: array[int]) -> tuple[str, dict[str, Any]]:
    """What stands behind a column that is to be one of ``numbers``, which ascend, and what to bind.

    All numbers from one to another are said by the two, which saves SQLite a table of them and a look-up for each.
    """
    first, last = (numbers[0], numbers[-1]) if numbers else (1, 0)
    if last - first < len(numbers):
        return "BETWEEN :first AND :last", {"first": first, "last": last}
    return "IN (SELECT value FROM carray(:numbers))", {"numbers": apsw.carray(numbers)}
