"""Leads to leaf through and to search. Every request does a bounded amount of work, with a million leads as with ten."""

from __future__ import annotations

import time
from array import array
from dataclasses import asdict, dataclass
from typing import Any

import apsw

from db import Database
from valhalla.cockpit.gather.calls import viewer_of
from valhalla.errors import UsageError
from valhalla.leads import search, sql

PAGE = 50
FOUND = 100
"""Leads a search shows."""

SCANNED = 2_000
"""Leads the index does not know yet that a search looks through."""

WINDOW = 4_000
SECONDS = 0.05
"""For so long a page looks for leads that fit a filter before it shows what it has, and offers to look on."""

STATUSES = ("new", "contacted", "appointment", "contract", "won", "lost", "dead", "paused", "opted_out")
ORDERS = ("newest", "oldest")

_FITS = """(suppressed IS NULL OR suppressed NOT LIKE 'merged%')
  AND (:market IS NULL OR market = :market) AND (:source IS NULL OR source = :source)
  AND (:status IS NULL OR status = :status) AND (:kept_out IS NULL OR (suppressed IS NOT NULL) = :kept_out)"""

# Of the leads numbered from :low to :high, those that fit.
WINDOW_DOWN = f"SELECT id FROM lead WHERE id BETWEEN :low AND :high AND {_FITS} ORDER BY id DESC LIMIT :limit"
WINDOW_UP = f"SELECT id FROM lead WHERE id BETWEEN :low AND :high AND {_FITS} ORDER BY id LIMIT :limit"

# The same among those that a match of the search index names.
NAMED_DOWN = f"""
SELECT l.id, named.id FROM (SELECT rowid AS id FROM lead_search WHERE lead_search MATCH :match AND rowid <= :high
  ORDER BY rowid DESC LIMIT :window) AS named CROSS JOIN lead AS l ON l.id = named.id AND {_FITS} ORDER BY named.id DESC
"""
NAMED_UP = f"""
SELECT l.id, named.id FROM (SELECT rowid AS id FROM lead_search WHERE lead_search MATCH :match AND rowid >= :low
  ORDER BY rowid LIMIT :window) AS named CROSS JOIN lead AS l ON l.id = named.id AND {_FITS} ORDER BY named.id
"""
NAMED_EDGE_DOWN = """
SELECT min(id), count(*) FROM (SELECT rowid AS id FROM lead_search WHERE lead_search MATCH :match AND rowid <= :high
  ORDER BY rowid DESC LIMIT :window)
"""
NAMED_EDGE_UP = """
SELECT max(id), count(*) FROM (SELECT rowid AS id FROM lead_search WHERE lead_search MATCH :match AND rowid >= :low
  ORDER BY rowid LIMIT :window)
"""
RANGE = "SELECT coalesce(min(id), 1), coalesce(max(id), 0) FROM lead"
SOME = f"SELECT {sql.COLUMNS} FROM lead WHERE id IN (SELECT value FROM carray(?))"


@dataclass(frozen=True)
class Wanted:
    """What somebody asked to see. ``after``: the number of the last lead that was looked at; None: from the beginning."""

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


def gather(database: Database, wanted: Wanted) -> dict[str, Any]:
    """``{leads, next, indexed, more, wanted}``: entries in the documented shape, and where to go on (``next``, None at the end).

    ``looked``: the page ended because looking took too long, not because it was full. Raises :class:`UsageError`.
    """
    if wanted.status is not None and wanted.status not in STATUSES:
        raise UsageError(f"there is no state {wanted.status!r}; there are {', '.join(STATUSES)}")
    if wanted.order not in ORDERS:
        raise UsageError(f"leads are in the order {' or '.join(ORDERS)}, not {wanted.order!r}")
    with database.view():
        viewer = viewer_of(database)
        if wanted.q.strip():
            found = search.search(database, wanted.q, FOUND, scanned=SCANNED)
            numbers, following, looked = found.lead_ids, None, False
            told: dict[str, Any] = {"indexed": found.indexed, "more": found.more}
        else:
            numbers, following, looked = _page(database, wanted)
            told = {"indexed": None, "more": following is not None}
        rows = database.sql(SOME, (apsw.carray(array("q", numbers)),)) if numbers else []
        records = {record.lead.id: record for record in viewer.records(rows)}
        entries = []
        for number in numbers:
            if number in records:
                kept_out = records[number].lead.suppressed
                entries.append({**viewer.entry(records[number]), "suppressed": kept_out})
    return {"leads": entries, "next": following, "looked": looked, **told, "wanted": asdict(wanted)}


def _page(database: Database, wanted: Wanted) -> tuple[list[int], int | None, bool]:
    """The numbers of a page's leads, where the next one begins, and whether looking ended early."""
    lowest, highest = database.sql(RANGE)[0]
    down = wanted.order == "newest"
    low, high = lowest, highest
    if wanted.after is not None:
        low, high = (low, min(high, wanted.after - 1)) if down else (max(low, wanted.after + 1), high)
    fits = {
        "market": wanted.market,
        "source": wanted.source,
        "status": wanted.status,
        "kept_out": None if wanted.kept_out is None else int(wanted.kept_out),
    }
    match = None
    if (wanted.market or wanted.source) and search.percent(database) == 100:
        match = search.whole_words(f"{wanted.market or ''} {wanted.source or ''}")
    found: list[int] = []
    until = time.perf_counter() + SECONDS
    window = 4 * PAGE if wanted.filtered else highest + 1  # without a filter the LIMIT is reached at once
    while low <= high:
        given = {**fits, "low": low, "high": high, "limit": PAGE + 1 - len(found), "window": window}
        if match is not None:
            edge, count = database.sql(NAMED_EDGE_DOWN if down else NAMED_EDGE_UP, {**given, "match": match})[
                0
            ]
            named = database.sql(NAMED_DOWN if down else NAMED_UP, {**given, "match": match})
            found += [number for number, _ in named]
            if count < window:
                edge = low if down else high
        else:
            edge = max(low, high - window + 1) if down else min(high, low + window - 1)
            span = {"low": edge, "high": high} if down else {"low": low, "high": edge}
            found += [row[0] for row in database.sql(WINDOW_DOWN if down else WINDOW_UP, {**given, **span})]
        if len(found) > PAGE:
            return found[:PAGE], found[PAGE - 1], False
        low, high = (low, edge - 1) if down else (edge + 1, high)
        if time.perf_counter() > until and low <= high:
            return found, edge, True
        window = min(WINDOW, 4 * window)
    return found, None, False
