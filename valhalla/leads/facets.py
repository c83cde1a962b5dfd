"""How many leads there are, and of which markets, sources and states."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from db import Database
from valhalla.leads import sql

MOST = 200
"""Markets and sources that are named, the largest first."""

STEP = 5_000
"""Leads that are counted at a time: SQLite sorts them, in memory, and nobody gets in between while it does."""


class Facets(NamedTuple):
    """Counts of all leads that are no part of another; those of a kind as pairs of name and count."""

    total: int
    suppressed: int
    markets: list[tuple[str, int]]
    sources: list[tuple[str, int]]
    statuses: list[tuple[str, int]]


class Version(NamedTuple):
    """What the counts depend on: while it is the same, so are they."""

    generation: int
    newest: int | None


def version(database: Database) -> Version:
    """What the counts depend on; cheap to read."""
    return Version(*database.sql(sql.FACET_VERSION)[0])


def count(database: Database) -> Facets:
    """The counts, from a walk over all leads."""
    markets: Counter[str] = Counter()
    sources: Counter[str] = Counter()
    statuses: Counter[str] = Counter()
    total = kept_out = 0
    newest = version(database).newest or 0
    for first in range(0, newest, STEP):
        for market, source, status, suppressed, many in database.sql(sql.BY_FACET, (first, first + STEP)):
            total += many
            sources[source] += many
            statuses[status] += many
            if market is not None:
                markets[market] += many
            if suppressed:
                kept_out += many
    return Facets(
        total, kept_out, markets.most_common(MOST), sources.most_common(MOST), statuses.most_common()
    )
