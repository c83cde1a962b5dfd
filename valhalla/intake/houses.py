"""The houses that one lead of version 0.1 stood for, read out of its history. Pure.

That version knew people by their e-mail address: the rows of an owner's houses wrote over each other, and the history kept what
each of them replaced. So each address that a list gave is a state of the lead, and states of one address are one house.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from valhalla.leads.addresses import Address, normal_address, parse_place
from valhalla.leads.details import decoded
from valhalla.leads.properties import differ, is_property
from valhalla.scoring.stages.row import CONTENT

OF_THE_HOUSE = ("arv", "repairs", "sqft", "condition", "beds", "distress")
"""A blank cell replaced nothing, so what a house has of these without a list having said it again may be another's: it is unknown."""

Content = Mapping[str, Any]


class Change(NamedTuple):
    """A row of the lead's history."""

    at: int
    cause: str
    import_id: int | None
    undone: int
    """1: the import was undone."""
    before: str


class Period(NamedTuple):
    """From when on the lead showed which house; None: one that no list gave."""

    since: int
    house: int | None


class House:
    """One of the houses."""

    def __init__(self, address: Address, import_id: int | None, since: int) -> None:
        self.address = address
        self.import_id = import_id
        """The import that brought it; None: entered by hand."""
        self.since = since
        self.content: dict[str, Any] = {}
        """What lists said of it, by the columns of :data:`CONTENT`, with ``header_id``."""
        self.imports: set[int] = set()
        self.last_id: str | None = None
        """The list's own id of the row, where the list has ids."""


class Folded(NamedTuple):
    """What a lead stood for."""

    houses: list[House]
    periods: list[Period]

    @property
    def now(self) -> int | None:
        """Which of the houses it shows."""
        return self.periods[-1].house

    def shown(self, at: int) -> int | None:
        """Which it showed at a moment."""
        house = self.periods[0].house
        for period in self.periods:
            if period.since > at:
                break
            house = period.house
        return house


def houses_of(
    now: Content,
    created_at: int,
    import_id: int | None,
    first_undone: int,
    changes: Sequence[Change],
    own_id: Any = lambda content, import_id: None,
) -> Folded:
    """The houses of a lead that says ``now``. ``own_id(content, import_id)``: the id that the list gives to the row."""
    houses: list[House] = []
    periods: list[Period] = []
    for content, said, change in _states(now, changes):
        at = created_at if change is None else change.at
        by_list = change is None or (change.cause.startswith("import:") and not change.undone)
        if change is None and first_undone:
            by_list = False
        number = import_id if change is None else change.import_id
        house = _same(houses, content, own_id(content, number))
        if house is None and by_list and (address := address_of(content)) is not None:
            house = len(houses)
            houses.append(House(address, number, at))
        if house is not None and by_list:
            _hear(houses[house], content, said, number, own_id(content, number))
        periods.append(Period(at, house))
    return Folded(houses, periods)


def address_of(content: Content) -> Address | None:
    """Where the property is; None where that does not say which it is."""
    text = content["address"]
    if text is None:
        return None
    unit = decoded(content["details"]).get("unit")
    address = normal_address(text, unit, *parse_place(content["location"]))
    return address if address is not None and is_property(address) else None


def _states(
    now: Content, changes: Sequence[Change]
) -> Iterable[tuple[dict[str, Any], set[str] | None, Change | None]]:
    """What the lead said one after the other, oldest first, with the columns that the change brought (None: it was new)."""
    found: list[tuple[dict[str, Any], set[str] | None, Change | None]] = []
    content = dict(now)
    for change in reversed(changes):
        before = {
            column: value
            for column, value in json.loads(change.before).items()
            if column in CONTENT or column == "header_id"
        }
        found.append((dict(content), set(before), change))
        content |= before
    found.append((content, None, None))
    return found[::-1]


def _same(houses: Sequence[House], content: Content, own_id: str | None) -> int | None:
    """Which of the houses a state is about: by the list's own id, else by the address."""
    address = address_of(content)
    for number, house in enumerate(houses):
        if own_id is not None and own_id == house.last_id:
            return number
        if address is not None and not differ(house.address, address):
            return number
    return None


def _hear(
    house: House, content: Content, said: set[str] | None, import_id: int | None, own_id: str | None
) -> None:
    new = not house.content
    for column, value in content.items():
        if column not in OF_THE_HOUSE or said is None or column in said:
            house.content[column] = value
        elif new:
            house.content[column] = None
    if import_id is not None:
        house.imports.add(import_id)
    if own_id is not None:
        house.last_id = own_id
