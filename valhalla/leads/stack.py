"""The stack: how many leads are on two, three, four lists, and which lists have leads in common."""

from __future__ import annotations

from collections import Counter
from itertools import combinations, groupby
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from valhalla.leads import sql

if TYPE_CHECKING:
    from db import Database

SHOWN = 12
"""Lists that stand next to each other, those with most leads in common first."""
MOST = 4
"""From so many lists on they are counted together."""


def stack(database: Database) -> dict[str, Any]:
    """``{on: {2, 3, 4}, lists: [{id, name, source, leads, shared}], pairs: [[…]]}``: how many leads are on so many lists (4: or
    more); the lists; and for each two of them, in their order, how many leads are on both (of one with itself: how many it has).
    Reads every sighting."""
    on: Counter[int] = Counter()
    totals: Counter[int] = Counter(dict(database.sql(sql.FIRST_OF_LISTS)))
    shared: Counter[int] = Counter()
    pairs: Counter[tuple[int, int]] = Counter()
    for _, rows in groupby(database.sql(sql.ON_SEVERAL), key=lambda row: row[0]):
        lists: set[int] = set()
        for _, first, other in rows:
            lists |= {first, other}
            totals[other] += other != first
        if len(lists) > 1:
            on[min(len(lists), MOST)] += 1
            shared.update(lists)
            pairs.update(combinations(sorted(lists), 2))
    names = {number: (path, source) for number, path, source, _ in database.sql(sql.LIST_NAMES)}
    order = sorted(totals, key=lambda number: (-shared[number], -totals[number], number))[:SHOWN]
    return {
        "on": {number: on[number] for number in range(2, MOST + 1)},
        "lists": [
            {
                "id": number,
                "name": PurePath(names[number][0]).name.strip("()"),
                "source": names[number][1],
                "leads": totals[number],
                "shared": shared[number],
            }
            for number in order
        ],
        "more": max(0, len(totals) - SHOWN),
        "pairs": [
            [totals[one] if one == other else pairs[min(one, other), max(one, other)] for other in order]
            for one in order
        ],
    }


def leads_on(
    database: Database, limit: int, *, on: int = 2, one: int | None = None, other: int | None = None
) -> list[int]:
    """The leads on so many lists (4: or more), the ones on most lists first; ``one``, ``other``: only those that these lists name."""
    most = None if on >= MOST or one is not None else on
    wanted = {"least": on, "most": most, "one": one, "other": other, "limit": limit}
    return [number for (number,) in database.sql(sql.ON_LISTS, wanted)]
