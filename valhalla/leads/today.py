"""Today: who to call, in groups that answer in a fixed order.

What was promised and is due · appointments today, and those to confirm · deals that wait · the warm · the new, best first ·
retries that are due. A score puts in order only within a group, and a person stands once, however many properties they have.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from db.clock import DAY, HOUR
from valhalla.leads import call_list, deals, promises
from valhalla.program.moments import local_day

if TYPE_CHECKING:
    from db import Database
    from valhalla.leads.view import Record, Viewer

HEADINGS = {
    "promised": "Promised",
    "appointments": "Appointments",
    "deals": "Deals",
    "warm": "Warm",
    "new": "New",
    "retries": "Retries",
}
"""The groups, in the order in which they are answered."""

COUNTED = 100
"""New leads and retries are counted up to here: nobody calls more in a day."""

FIRST = 20
"""New leads, and retries, that are read at first."""

MOST = 500
"""Promises, deals and warm leads that a group names."""


class Row(NamedTuple):
    """A lead in a group of today."""

    group: str
    record: Record
    promise: promises.Listed | None = None
    deal: tuple[deals.Listed, deals.Wait] | None = None

    def to_json(self, viewer: Viewer, rank: int | None = None) -> dict[str, Any]:
        """The entry of the call list, with its ``group`` and why it is there."""
        promise, deal = self.promise, self.deal
        return {
            **viewer.entry(self.record, rank),
            "group": self.group,
            "promise": None if promise is None else promise.to_json(viewer.at),
            "deal": None
            if deal is None
            else {
                "id": deal[0].deal.id,
                "stage": deal[0].deal.stage,
                "why": deal[1].why,
                "code": deal[1].code,
            },
        }


class Group(NamedTuple):
    """A group with its rows."""

    key: str
    rows: list[Row]
    total: int
    """How many there are, also those that are not among the rows."""
    more: bool
    """Whether counting ended before all were counted."""

    @property
    def heading(self) -> str:
        """What it is called on a screen."""
        return HEADINGS[self.key]

    @property
    def says(self) -> str:
        """The count as a person reads it."""
        return f"{self.total}+" if self.more else str(self.total)


def groups(
    database: Database,
    viewer: Viewer,
    *,
    each: int = MOST,
    market: str | None = None,
    source: str | None = None,
    only: str | None = None,
    without: Container[int] = (),
) -> list[Group]:
    """The groups that are not empty, with at most ``each`` rows of each; ``only``: the rows of this one, the others counted;
    ``without``: leads that are left out, by number.

    Bounded work, however many leads there are: the promises, deals and warm leads of people who were spoken with, and the
    first :data:`COUNTED` of the call list.
    """
    seen: set[object] = set()
    found = []
    for key in HEADINGS:
        ranked = key in ("new", "retries")
        many = (
            key == "new"
            and each < COUNTED
            and call_list.at_least(database, viewer, COUNTED + FIRST, market=market, source=source)
        )
        most = max(each, 1) if many else max(each, COUNTED) if ranked else MOST
        rows = list(
            islice(
                _once(
                    _fitting(_rows(database, viewer, key, most, market, source), market, source, without),
                    seen,
                ),
                most,
            )
        )
        if rows:
            shown = rows[:each] if only in (None, key) else []
            counted = COUNTED if many else min(len(rows), COUNTED if ranked else MOST)
            found.append(Group(key, shown, counted, many or counted == (COUNTED if ranked else MOST)))
    return found


def top(
    database: Database, viewer: Viewer, limit: int, *, market: str | None = None, source: str | None = None
) -> list[Row]:
    """The first ``limit`` rows of all groups, in their order."""
    return list(islice(walk(database, viewer, market=market, source=source, batch=limit), limit))


def walk(
    database: Database,
    viewer: Viewer,
    *,
    market: str | None = None,
    source: str | None = None,
    only: str | None = None,
    batch: int = COUNTED,
) -> Iterator[Row]:
    """The rows of all groups in their order, each person once; a group is read when it is reached. ``batch``: how many of the
    new, and of the retries, at most."""
    seen: set[object] = set()
    for key in HEADINGS:
        if only in (None, key):
            yield from _once(
                _fitting(_rows(database, viewer, key, batch, market, source), market, source), seen
            )


def _rows(
    database: Database,
    viewer: Viewer,
    key: str,
    most: int,
    market: str | None,
    source: str | None,
) -> Iterator[Row]:
    zone = viewer.values["timezone"]
    if key == "promised":
        until = local_day(local_day(viewer.at, zone) + DAY + 2 * HOUR, zone)
        due = [
            each
            for each in promises.listed(database, until=until, limit=MOST)
            if each.promise.kind != "appointment"
        ]
        yield from _of_promises(viewer, key, due)
    elif key == "appointments":
        yield from _of_promises(viewer, key, _appointments(database, viewer.at, zone))
    elif key == "deals":
        waiting = deals.waiting(database, viewer.values)[:MOST]
        known = _records(viewer, [listed.deal.lead_id for listed, _ in waiting])
        for listed, wait in waiting:
            if listed.deal.lead_id in known:
                yield Row(key, known[listed.deal.lead_id], deal=(listed, wait))
    elif key == "warm":
        for record in viewer.some(call_list.warm(database, viewer, MOST)):
            yield Row(key, record)
    else:
        part = call_list.NEW if key == "new" else call_list.AGAIN
        given: set[int] = set()
        # The first few are found sooner. Some are of people who stand further up, or twice: more are read than are asked for.
        # Between the two looks others call, and who was further down has moved up: the second one goes by who was given.
        for limit in (FIRST, most + COUNTED):
            numbers = call_list.numbers(database, viewer, limit, market=market, source=source, part=part)
            others = [number for number in numbers if number not in given]
            for at in range(0, len(others), COUNTED):
                for record in viewer.some(others[at : at + COUNTED]):
                    yield Row(key, record)
            if len(numbers) < limit:
                return
            given.update(numbers)


def _appointments(database: Database, now: int, zone: str | None) -> list[promises.Listed]:
    """Those of today, those before of which nobody said how they went, and tomorrow's that are to be confirmed."""
    tomorrow = local_day(local_day(now, zone) + DAY + 2 * HOUR, zone)
    after = local_day(tomorrow + DAY + 2 * HOUR, zone)
    found = promises.appointments(database, 0, after, MOST)
    return [each for each in found if each.promise.at < tomorrow or each.promise.confirmed_at is None]


def _of_promises(viewer: Viewer, key: str, found: Sequence[promises.Listed]) -> Iterator[Row]:
    found = [each for each in found if each.suppressed is None]
    known = _records(viewer, [each.promise.lead_id for each in found])
    for each in found:
        if each.promise.lead_id in known:
            yield Row(key, known[each.promise.lead_id], promise=each)


def _records(viewer: Viewer, numbers: Sequence[int]) -> dict[int, Record]:
    return {record.lead.id: record for record in viewer.some(list(dict.fromkeys(numbers)))}


def _fitting(
    rows: Iterator[Row], market: str | None, source: str | None, without: Container[int] = ()
) -> Iterator[Row]:
    for row in rows:
        lead = row.record.lead
        if market in (None, lead.market) and source in (None, lead.source) and lead.id not in without:
            yield row


def _once(rows: Iterator[Row], seen: set[object]) -> Iterator[Row]:
    """Each person once: by the owner's key, else by the number."""
    for row in rows:
        lead = row.record.lead
        keys = {("lead", lead.id), ("person", lead.person), ("phone", lead.phone_key)} - {
            ("person", None),
            ("phone", None),
        }
        if not keys & seen:
            seen |= keys
            yield row
