"""The call list: the first leads by today's score, exactly, without looking at all of them.

A score is a stored base plus freshness, which fades with time. The index ``lead_by_score`` holds the better leads by
base and, within a base, by how fresh they are. Bases are visited from the best down, many at once where few leads share one; of each only the leads that can
still reach the list are read, and the visit ends when no fresher lead of a lower base could. Only where the indexed leads
do not fill the list are the others read as well; of one market or source, those that the search index finds.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

from db import Database
from db.clock import DAY
from valhalla.leads import call_list_index, search, source_pauses, sql
from valhalla.leads.contact_rules import Resting
from valhalla.leads.view import Record, Viewer
from valhalla.scoring.stages.calling import CallingRules, wait_after
from valhalla.scoring.stages.ranking import Best, Candidate

_NO_BASE = _NO_TIME = 2**62
"""Above every base, and after every date."""

NEW, AGAIN = "new", "again"
"""Parts of the call list."""

PAGE = 1_000
"""Leads of one base that are read at a time."""

THIN_PAGE = 50
"""Leads of several bases that are read at a time; more when more are wanted. What the first show narrows what the next
statement looks for."""


def top(
    database: Database, viewer: Viewer, limit: int, *, market: str | None = None, source: str | None = None
) -> list[Record]:
    """The first ``limit`` leads that may be called, best first: by score, then expected value, then the newest.

    Left out are leads whose conversation is over or paused, whose next try is not due, who cannot be reached, whose source is
    paused, who must not be contacted, or whom the calls of today let rest (:mod:`valhalla.leads.contact_rules`). Leads for whom it is night stay in the list; their next action says so.
    """
    return viewer.some(numbers(database, viewer, limit, market=market, source=source))


def numbers(
    database: Database,
    viewer: Viewer,
    limit: int,
    *,
    market: str | None = None,
    source: str | None = None,
    part: str | None = None,
) -> list[int]:
    """The same leads by number, for those who count them rather than look at each. ``part``: only those whom nobody tried yet
    (:data:`NEW`), or only the others (:data:`AGAIN`)."""
    filters = {"market": market, "source": source}
    return _best(database, viewer, limit, due_after(viewer.calling), filters, part)


def at_least(
    database: Database, viewer: Viewer, count: int, *, market: str | None = None, source: str | None = None
) -> bool:
    """Whether so many whom nobody tried yet may be called, without putting them in order. False: perhaps not."""
    where, wait = call_list_index.of(database), due_after(viewer.calling)
    filters = {"market": market, "source": source}
    columns = [column for column, value in filters.items() if value is not None]
    paused = sorted(source_pauses.in_force(database))
    text = sql.chosen(sql.COUNT_OPEN, where, wait, *columns, paused=len(paused), part=NEW)
    given = {"now": viewer.at, **filters, **{f"paused{number}": name for number, name in enumerate(paused)}}
    given["files"] = json.dumps(source_pauses.files(database, paused))
    return bool(database.value(text, {**given, "limit": count}) >= count)


def warm(database: Database, viewer: Viewer, limit: int) -> list[int]:
    """The best of those who said that they are interested, by number, whenever the next call is due."""
    best = Best(limit, viewer.at, viewer.score)
    for row in database.sql(sql.WARM):
        best.offer(Candidate._make(row))
    return [ranked.id for ranked in best.ranked()]


def everybody(
    database: Database,
    viewer: Viewer,
    limit: int,
    *,
    market: str | None = None,
    source: str | None = None,
    status: str | None = None,
) -> list[int]:
    """The first ``limit`` of all leads that may be contacted, in the same order, by number: also of those who cannot be called
    now. With a ``status`` that few leads have, this reads all leads."""
    filters = {"market": market, "source": source, "status": status}
    return _best(database, viewer, limit, None, filters)


def due_after(rules: CallingRules) -> str:
    """SQL for how long after its last contact a lead is left alone, by the ladder."""
    steps = range(1, len(rules.ladder))
    cases = "".join(f" WHEN {contacts} THEN {wait_after(contacts, rules)}" for contacts in steps)
    after = f"CASE WHEN contacts <= 0 THEN 0 WHEN contacts >= {len(rules.ladder)} THEN {rules.after_ladder}"
    return f"({after} ELSE CASE contacts{cases} ELSE 0 END END)" if cases else f"({after} ELSE 0 END)"


def _best(
    database: Database,
    viewer: Viewer,
    count: int,
    wait: str | None,
    filters: Mapping[str, str | None],
    part: str | None = None,
) -> list[int]:
    resting = viewer.resting if wait is not None else None
    best = Best(count, viewer.at, viewer.score)
    where, now = call_list_index.of(database), viewer.at
    columns = [column for column, value in filters.items() if value is not None]
    paused = sorted(source_pauses.in_force(database)) if wait is not None else []
    statements = (sql.OF_BASES, sql.OF_BASE, sql.OF_DATE, sql.AGAIN)
    of_bases, of_base, of_date, again = (
        sql.chosen(text, where, wait, *columns, paused=len(paused), part=part) for text in statements
    )
    given = {"now": now, **filters, **{f"paused{number}": name for number, name in enumerate(paused)}}
    given["files"] = json.dumps(source_pauses.files(database, paused))
    if part == AGAIN:
        _offer(best, map(Candidate._make, database.sql(again, given)), resting)
        return [ranked.id for ranked in best.ranked()]
    reader = _Reader(database, best, count, given, of_bases, of_base, of_date, resting)
    next_base = sql.NEXT_BASE.replace("{line}", str(where))
    base = reader.read_thin(_NO_BASE)
    while base is not None and (base := database.value(next_base, (base,))) is not None:
        if best.days_left(base) < 0:
            break
        reader.read_base(base)
    if best.days_left(where - 1) >= 0:
        match = _words_of(database, filters["market"], filters["source"])
        text = sql.BELOW if match is None else sql.BELOW_NAMED
        below = sql.chosen(text, where, wait, *columns, paused=len(paused), part=part)
        rows = database.sql(below, {**reader.given, "least": best.least_base(), "match": match})
        _offer(best, map(Candidate._make, rows), resting)
    return [ranked.id for ranked in best.ranked()]


def _words_of(database: Database, market: str | None, source: str | None) -> str | None:
    """What the leads of a market or source are named by in the search index, if that knows every lead: the few of a rare one
    are found without a look at all leads."""
    match = search.whole_words(f"{market or ''} {source or ''}")
    return match if match is not None and search.percent(database) == 100 else None


def _offer(best: Best, candidates: Iterable[Candidate], resting: Resting | None) -> None:
    """Offer those that do not rest."""
    them = iter(candidates)
    while page := [*islice(them, PAGE)]:
        rest = resting.among(candidate.id for candidate in page) if resting is not None else ()
        for candidate in page:
            if candidate.id not in rest:
                best.offer(candidate)


class _Reader:
    """Offers the leads of one base after the other, in pages."""

    def __init__(
        self,
        database: Database,
        best: Best,
        count: int,
        given: dict[str, Any],
        of_bases: str,
        of_base: str,
        of_date: str,
        resting: Resting | None,
    ) -> None:
        self.database = database
        self.best = best
        self.count = count
        self.resting = resting
        self.given = given
        self._of_bases = of_bases
        self._of_base = of_base
        self._of_date = of_date

    def read_thin(self, top: int) -> int | None:
        """Read the leads below the base ``top`` in pages as long as few of them share a base. Returns the base below which they
        go on, base by base; None when the list is complete."""
        limit = max(THIN_PAGE, self.count)
        while True:
            oldest = self.given["now"] - (self.best.days_left(top - 1) + 1) * DAY
            least, undated = self.best.least_base(), self.best.least_base(dated=False)
            bounds = {"top": top, "oldest": oldest, "least": least, "undated": undated, "limit": limit}
            page = [*map(Candidate._make, self.database.sql(self._of_bases, {**self.given, **bounds}))]
            if len(page) < limit:
                _offer(self.best, page, self.resting)
                return None
            last = page[-1].score_base
            whole = [candidate for candidate in page if candidate.score_base != last]
            _offer(self.best, whole, self.resting)
            if self.best.days_left(last) < 0:
                return None
            if page[0].score_base == last:
                return top
            self.read_base(last)
            top = last

    def read_base(self, base: int) -> None:
        before = _NO_TIME
        while (days := self.best.days_left(base)) >= 0:
            oldest = self.given["now"] - (days + 1) * DAY
            bounds = {"base": base, "oldest": oldest, "before": before, "limit": PAGE}
            page = [*map(Candidate._make, self.database.sql(self._of_base, {**self.given, **bounds}))]
            if len(page) < PAGE:
                _offer(self.best, page, self.resting)
                return
            # The last date may go on behind the page: its first leads are enough, however many it has.
            before = page[-1].since
            whole = [candidate for candidate in page if candidate.since != before]
            _offer(self.best, whole, self.resting)
            at_rest = len(self.resting) if self.resting is not None else 0
            bounds = {"base": base, "date": before, "limit": self.count + at_rest}
            of_date = self.database.sql(self._of_date, {**self.given, **bounds})
            _offer(self.best, map(Candidate._make, of_date), self.resting)
