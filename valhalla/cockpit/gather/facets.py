"""How many leads there are, and of which markets, sources and states: counted beside the pages."""

from __future__ import annotations

from collections import Counter
from typing import Any

from db import Database
from db.clock import iso
from valhalla.cockpit.state import Cockpit

# A walk over every lead. Merged leads are parts of others.
ALL = """
SELECT market, source, status, suppressed IS NOT NULL, count(*) FROM lead
WHERE suppressed IS NULL OR suppressed NOT LIKE 'merged%' GROUP BY 1, 2, 3, 4
"""
STANDS = "SELECT (SELECT value FROM lead_generation WHERE id = 1), (SELECT max(id) FROM lead)"
SHOWN = 200
"""Markets and sources offered, the largest first."""


def gather(cockpit: Cockpit) -> dict[str, Any] | None:
    """``{total, suppressed, markets, sources, statuses, at}``, each of the three as pairs of name and count; None: not counted yet."""
    figure = cockpit.figures.get("facets", count, of=cockpit.database.sql(STANDS), seconds=60)
    return None if figure is None else {**figure.value, "at": iso(figure.at)}


def count(database: Database) -> dict[str, Any]:
    """The counts, from a walk over all leads."""
    markets: Counter[str] = Counter()
    sources: Counter[str] = Counter()
    statuses: Counter[str] = Counter()
    total = kept_out = 0
    for market, source, status, suppressed, many in database.sql(ALL):
        total += many
        sources[source] += many
        statuses[status] += many
        if market is not None:
            markets[market] += many
        if suppressed:
            kept_out += many
    return {
        "total": total,
        "suppressed": kept_out,
        "markets": markets.most_common(SHOWN),
        "sources": sources.most_common(SHOWN),
        "statuses": statuses.most_common(),
    }
