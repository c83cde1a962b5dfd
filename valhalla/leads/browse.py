"""Leads page after page, filtered, searched and in some order. A page is bounded work, with a million leads as with ten."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from db import Database
from valhalla.leads import call_list, search, sql
from valhalla.leads.view import Record, Viewer
from valhalla.program.errors import UsageError

PAGE = 50
FOUND = 50
"""Leads a search shows."""

SCANNED = 2_000
"""Leads the index does not know yet that a search looks through."""

WINDOW = 4_000
SECONDS = 0.03
"""For so long a page looks for leads that fit a filter before it shows what it has, and offers to look on."""

STATUSES = ("new", "contacted", "appointment", "contract", "won", "lost", "dead", "paused", "opted_out")
ORDERS = {
    "newest": "newest first",
    "oldest": "oldest first",
    "best": "best score first",
    "dearest": "highest price first",
    "cheapest": "lowest price first",
    "name": "by name",
}
KEYS = {"dearest": "value DESC", "cheapest": "value IS NULL, value", "name": "name COLLATE NOCASE"}
"""What no index is in the order of: offered up to :data:`SMALL` leads, which are sorted in a few milliseconds."""

SMALL = 20_000
RANKED = 1_000
"""Of more leads than :data:`SMALL`, so many are shown in the order of their score, from the call list's index."""


@dataclass(frozen=True)
class Wanted:
    """What somebody asked to see. ``after``: the number of the last lead that was looked at, in an order other than by number how
    many were shown; None: from the beginning."""

    q: str = ""
    market: str | None = None
    source: str | None = None
    status: str | None = None
    kept_out: bool | None = None
    order: str = "newest"
    after: int | None = None

    @property
    def filtered(self) -> bool:
        """Whether not every lead fits."""
        return any(each is not None for each in (self.market, self.source, self.status, self.kept_out))

    @property
    def fits(self) -> dict[str, Any]:
        """The filters, for the statements."""
        kept_out = None if self.kept_out is None else int(self.kept_out)
        return {
            "market": self.market,
            "source": self.source,
            "status": self.status,
            "kept_out": kept_out,
        }


class Page(NamedTuple):
    """A page of leads. ``next``: what goes into ``Wanted.after`` for the next page; None: this is the last.

    ``looked``: it ended because looking took too long, not because it was full. ``indexed``: of a search, how many percent of the
    leads the index knows. ``more``: whether there are others. ``wanted``: what it shows, which may be another order than was
    asked for; ``orders``: those that are to be had.
    """

    records: list[Record]
    next: int | None
    looked: bool
    indexed: int | None
    more: bool
    wanted: Wanted
    orders: list[str]


def page(database: Database, viewer: Viewer, wanted: Wanted) -> Page:
    """The leads that somebody asked to see. Call it inside ``database.view()``. Raises :class:`UsageError`."""
    if wanted.status is not None and wanted.status not in STATUSES:
        raise UsageError(f"there is no state {wanted.status!r}; there are {', '.join(STATUSES)}")
    if wanted.order not in ORDERS:
        raise UsageError(f"leads are in the order {' or '.join(ORDERS)}, not {wanted.order!r}")
    lowest, highest = database.sql(sql.NUMBER_RANGE)[0]
    orders = _offered(highest, wanted)
    if wanted.order not in orders:
        wanted = replace(wanted, order="newest", after=None)
    following, looked, indexed, more = None, False, None, False
    if wanted.q.strip():
        found = search.search(database, wanted.q, FOUND, scanned=SCANNED)
        numbers, indexed, more = found.lead_ids, found.indexed, found.more
    else:
        if wanted.order in ("newest", "oldest"):
            numbers, following, looked = _page(database, wanted, lowest, highest)
        else:
            numbers, following = _ranked(database, viewer, wanted, highest)
        more = following is not None
    return Page(viewer.some(numbers), following, looked, indexed, more, wanted, orders)


def _offered(highest: int, wanted: Wanted) -> list[str]:
    """The orders that are cheap: all among few leads; among many those of the table and of the call list's index."""
    if highest <= SMALL:
        return [order for order in ORDERS if order != "best" or not wanted.kept_out]
    # The best of a market or source are on the call list.
    return ["newest", "oldest", *([] if wanted.filtered else ["best"])]


def _ranked(database: Database, viewer: Viewer, wanted: Wanted, highest: int) -> tuple[list[int], int | None]:
    """The numbers of a page's leads in an order other than by number, and how many were shown with them (None: it is the last)."""
    shown = wanted.after or 0
    count = shown + PAGE + 1
    if wanted.order == "best":
        if highest > SMALL:
            count = min(count, RANKED)
        found = call_list.everybody(
            database, viewer, count, market=wanted.market, source=wanted.source, status=wanted.status
        )
    else:
        text = sql.SORTED.format(key=KEYS[wanted.order])
        found = [number for (number,) in database.sql(text, {**wanted.fits, "limit": count})]
    return found[shown : shown + PAGE], shown + PAGE if len(found) > shown + PAGE else None


def _page(
    database: Database, wanted: Wanted, lowest: int, highest: int
) -> tuple[list[int], int | None, bool]:
    """The numbers of a page's leads, where the next one begins, and whether looking ended early."""
    down = wanted.order == "newest"
    low, high = lowest, highest
    if wanted.after is not None:
        low, high = (low, min(high, wanted.after - 1)) if down else (max(low, wanted.after + 1), high)
    fits = wanted.fits
    match = None
    if (wanted.market or wanted.source) and search.percent(database) == 100:
        match = search.whole_words(f"{wanted.market or ''} {wanted.source or ''}")
    worked_on = wanted.status not in (None, "new")
    named = sql.MATCHING if match is not None else sql.WORKED_ON if worked_on else None
    found: list[int] = []
    until = time.perf_counter() + SECONDS
    window = 4 * PAGE if wanted.filtered else highest + 1  # without a filter the LIMIT is reached at once
    while low <= high:
        if named is not None:
            part, reached = _named(
                database, named, down, {**fits, "match": match}, high if down else low, window
            )
            edge = (low if down else high) if reached is None else reached
        else:
            edge = max(low, high - window + 1) if down else min(high, low + window - 1)
            span = {"low": edge, "high": high} if down else {"low": low, "high": edge}
            given = {**fits, **span, "limit": PAGE + 1 - len(found)}
            part = [number for (number,) in database.sql(sql.WINDOW_DOWN if down else sql.WINDOW_UP, given)]
        found += part
        if len(found) > PAGE:
            return found[:PAGE], found[PAGE - 1], False
        low, high = (low, edge - 1) if down else (edge + 1, high)
        if time.perf_counter() > until and low <= high:
            return found, edge, True
        window = min(WINDOW, 4 * window)
    return found, None, False


def _named(
    database: Database, named: str, down: bool, given: dict[str, Any], edge: int, window: int
) -> tuple[list[int], int | None]:
    """Of the next ``window`` leads that are named from ``edge`` on, those that fit; and the last one named (None: that was all)."""
    sign, way, last = ("<=", "DESC", "min") if down else (">=", "ASC", "max")
    text = named.format(sign=sign, way=way)
    given = {**given, "edge": edge, "window": window}
    fitting = [
        number for (number,) in database.sql(sql.NAMED.format(named=text, fits=sql.FITS, way=way), given)
    ]
    reached, count = database.sql(sql.NAMED_EDGE.format(named=text, last=last), given)[0]
    return fitting, reached if count == window else None
