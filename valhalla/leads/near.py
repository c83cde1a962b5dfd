"""Leads that may be one property: what a list left out or wrote in another way is offered to a person, never joined.

The job that fills the search index keeps, for each lead whose property is known, keys that spellings of its address have in common
(:func:`valhalla.leads.properties.near_keys`). Two leads that share one are a pair where the addresses may be one and the owner's
name does not speak against it; where they certainly are one, whatever the names. A person merges the pair or says that they are
two, and is not asked again.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import apsw

from db.waiting import give_way, in_steps
from valhalla.leads import details, sql
from valhalla.program.later import later

if TYPE_CHECKING:
    from db import Database
    from valhalla.leads import owners, properties
else:
    owners = later("valhalla.leads.owners")
    properties = later("valhalla.leads.properties")

NEIGHBOURS = 200
"""So many leads near one are compared with it: a large building has as many units."""

SPAN = 10
"""Leads that are looked through for each that is placed: most of some lists have no address."""

STEP = 50
"""Addresses that are read between two looks at whether somebody waits for a page."""

MOST = 5
"""A lead that may be more than so many others says too little about where it is: it is offered with none of them."""


class Place(NamedTuple):
    """A lead with its property."""

    id: int
    name: str
    property: properties.Property
    over: bool
    """Whether it was merged into another, or sold: then there is nothing to ask."""


def behind(database: Database) -> int:
    """How many leads there are whose place is not known yet."""
    placed, newest = database.sql(sql.PLACED)[0]
    return max(int(newest - placed), 0)


def place_some(database: Database, upto: int, limit: int) -> bool:
    """Note where the next leads are, up to a number, and find their pairs; inside the caller's transaction. False: nothing is left
    to do."""
    placed, _ = database.sql(sql.PLACED)[0]
    if placed >= upto:
        return False
    upto = min(upto, placed + SPAN * limit)
    rows = database.sql(sql.UNPLACED, (placed, upto, limit))
    _place(database, [_read(*row) for part in in_steps(rows, STEP) for row in part])
    database.sql(sql.ADVANCE_PLACED, (rows[-1][0] if len(rows) == limit else upto,))
    return True


def place_again(database: Database, lead_ids: Sequence[int]) -> None:
    """The same for leads that were changed, if they were placed already."""
    placed, _ = database.sql(sql.PLACED)[0]
    known = array("q", [number for number in lead_ids if number <= placed])
    if known:
        database.sql(sql.DROP_PLACES, (apsw.carray(known),))
        _place(database, [_read(*row) for row in database.sql(sql.PLACES_OF, (apsw.carray(known),))])


def _read(
    number: int, name: str, address: str | None, location: str | None, more: str | None, over: int
) -> Place:
    return Place(
        number, name, properties.stored_property(address, location, details.decoded(more)), bool(over)
    )


def _place(database: Database, places: list[Place]) -> None:
    keys = sorted((key, each.id) for each in places for key in properties.near_keys(each.property))
    if not keys:
        return
    database.many(sql.ADD_PLACE, keys)
    found = _Neighbours(database, places)
    now, pairs = database.clock(), set()
    for number in sorted({number for _, number in keys}):
        give_way()
        others = found.may_be(number)
        if len(others) <= MOST:
            few = [other for other in others if len(found.may_be(other)) <= MOST]
            pairs |= {(min(number, other), max(number, other), now) for other in few}
    database.many(sql.ADD_NEAR, sorted(pairs))


class _Neighbours:
    """Which leads may be which."""

    def __init__(self, database: Database, places: list[Place]) -> None:
        self.database = database
        self.places = {each.id: each for each in places}
        self.known: dict[int, list[int]] = {}

    def may_be(self, number: int) -> list[int]:
        """The leads that may be this one."""
        if number not in self.known:
            others = [other for (other,) in self.database.sql(sql.NEAR, (number, NEIGHBOURS))]
            missing = array("q", [other for other in others if other not in self.places])
            for row in self.database.sql(sql.PLACES_OF, (apsw.carray(missing),)) if missing else ():
                self.places[row[0]] = _read(*row)
            mine = self.places[number]
            self.known[number] = [other for other in others if _offered(mine, self.places[other])]
        return self.known[number]


def _offered(one: Place, other: Place) -> bool:
    if one.over or other.over:
        return False
    if properties.joins(one.property, other.property):
        return True
    return properties.possible(one.property, other.property) and owners.same_owner(one.name, other.name)
