"""Leads to leaf through and to search. Every request does a bounded amount of work, with a million leads as with ten."""

from __future__ import annotations

import time
from array import array
from dataclasses import asdict, dataclass, replace
from typing import Any

import apsw

from db import Database
from valhalla.cockpit.gather.calls import viewer_of
from valhalla.leads import call_list, search
from valhalla.leads.view import Viewer
from valhalla.program.errors import UsageError
from valhalla.scoring.stages.lead import COLUMNS

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
KEYS = {"dearest": "value DESC", "cheapest": "value", "name": "name COLLATE NOCASE"}
"""What no index is in the order of: offered up to :data:`SMALL` leads, which are sorted in a few milliseconds."""

SMALL = 20_000
RANKED = 1_000
"""Of more leads than :data:`SMALL`, so many are shown in the order of their score, from the call list's index."""

_FITS = """(suppressed IS NULL OR suppressed NOT LIKE 'merged%')
  AND (:market IS NULL OR market = :market) AND (:source IS NULL OR source = :source)
  AND (:status IS NULL OR status = :status) AND (:kept_out IS NULL OR (suppressed IS NOT NULL) = :kept_out)"""

# Of the leads numbered from :low to :high, those that fit.
WINDOW_DOWN = f"SELECT id FROM lead WHERE id BETWEEN :low AND :high AND {_FITS} ORDER BY id DESC LIMIT :limit"
WINDOW_UP = f"SELECT id FROM lead WHERE id BETWEEN :low AND :high AND {_FITS} ORDER BY id LIMIT :limit"

# In the order of one of KEYS; a sort of all leads.
SORTED = f"SELECT id FROM lead WHERE {_FITS} ORDER BY {{key}}, id LIMIT :limit"

# Leads that can fit, by number: those that a match of the search index names, those on which something was recorded.
# {sign} and {way} lead down or up.
MATCHING = """
SELECT rowid AS id FROM lead_search WHERE lead_search MATCH :match AND rowid {sign} :edge ORDER BY rowid {way} LIMIT :window
"""
TOLD = """
SELECT id FROM (SELECT DISTINCT lead_id AS id FROM outcome WHERE lead_id {sign} :edge ORDER BY lead_id {way} LIMIT :window)
UNION SELECT kept_id FROM lead_merge WHERE kept_id {sign} :edge ORDER BY id {way} LIMIT :window
"""
NAMED = "SELECT l.id FROM ({named}) AS named CROSS JOIN lead AS l ON l.id = named.id AND {fits} ORDER BY named.id {way}"
NAMED_EDGE = "SELECT {last}(id), count(*) FROM ({named})"

# Each by itself is one step into the table; both in one query would be a walk over all of it.
RANGE = "SELECT coalesce((SELECT min(id) FROM lead), 1), coalesce((SELECT max(id) FROM lead), 0)"
SOME = f"SELECT {COLUMNS} FROM lead WHERE id IN (SELECT value FROM carray(?))"


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


def gather(database: Database, wanted: Wanted) -> dict[str, Any]:
    """``{leads, next, indexed, more, wanted, orders}``: entries in the documented shape, and where to go on (``next``, None at the end).

    ``looked``: the page ended because looking took too long, not because it was full. ``orders``: those that are to be had; any
    other is answered in the order of numbers, as ``wanted`` then says. Raises :class:`UsageError`.
    """
    if wanted.status is not None and wanted.status not in STATUSES:
        raise UsageError(f"there is no state {wanted.status!r}; there are {', '.join(STATUSES)}")
    if wanted.order not in ORDERS:
        raise UsageError(f"leads are in the order {' or '.join(ORDERS)}, not {wanted.order!r}")
    with database.view():
        viewer = viewer_of(database)
        orders = _offered(database, wanted)
        if wanted.order not in orders:
            wanted = replace(wanted, order="newest", after=None)
        if wanted.q.strip():
            found = search.search(database, wanted.q, FOUND, scanned=SCANNED)
            numbers, following, looked = found.lead_ids, None, False
            told: dict[str, Any] = {"indexed": found.indexed, "more": found.more}
        else:
            if wanted.order in ("newest", "oldest"):
                numbers, following, looked = _page(database, wanted)
            else:
                numbers, following = _ranked(database, viewer, wanted)
                looked = False
            told = {"indexed": None, "more": following is not None}
        rows = database.sql(SOME, (apsw.carray(array("q", numbers)),)) if numbers else []
        records = {record.lead.id: record for record in viewer.records(rows)}
        entries = []
        for number in numbers:
            if number in records:
                kept_out = records[number].lead.suppressed
                entries.append({**viewer.entry(records[number]), "suppressed": kept_out})
    return {
        "leads": entries,
        "next": following,
        "looked": looked,
        **told,
        "wanted": asdict(wanted),
        "orders": orders,
    }


def _offered(database: Database, wanted: Wanted) -> list[str]:
    """The orders that are cheap: all among few leads; among many those of the table and of the call list's index."""
    if database.sql(RANGE)[0][1] <= SMALL:
        return [order for order in ORDERS if order != "best" or not wanted.kept_out]
    return [
        "newest",
        "oldest",
        *([] if wanted.filtered else ["best"]),
    ]  # of a market or source: the call list


def _ranked(database: Database, viewer: Viewer, wanted: Wanted) -> tuple[list[int], int | None]:
    """The numbers of a page's leads in an order other than by number, and how many were shown with them (None: it is the last)."""
    shown = wanted.after or 0
    count = shown + PAGE + 1
    if wanted.order == "best":
        if database.sql(RANGE)[0][1] > SMALL:
            count = min(count, RANKED)
        found = call_list.everybody(
            database, viewer, count, market=wanted.market, source=wanted.source, status=wanted.status
        )
    else:
        text = SORTED.format(key=KEYS[wanted.order])
        found = [row[0] for row in database.sql(text, {**wanted.fits, "limit": count})]
    return found[shown : shown + PAGE], shown + PAGE if len(found) > shown + PAGE else None


def _page(database: Database, wanted: Wanted) -> tuple[list[int], int | None, bool]:
    """The numbers of a page's leads, where the next one begins, and whether looking ended early."""
    lowest, highest = database.sql(RANGE)[0]
    down = wanted.order == "newest"
    low, high = lowest, highest
    if wanted.after is not None:
        low, high = (low, min(high, wanted.after - 1)) if down else (max(low, wanted.after + 1), high)
    fits = wanted.fits
    match = None
    if (wanted.market or wanted.source) and search.percent(database) == 100:
        match = search.whole_words(f"{wanted.market or ''} {wanted.source or ''}")
    told = wanted.status not in (None, "new")
    named = MATCHING if match is not None else TOLD if told else None
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
            part = [row[0] for row in database.sql(WINDOW_DOWN if down else WINDOW_UP, given)]
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
    fitting = [row[0] for row in database.sql(NAMED.format(named=text, fits=_FITS, way=way), given)]
    reached, count = database.sql(NAMED_EDGE.format(named=text, last=last), given)[0]
    return fitting, reached if count == window else None
