"""Who to call: the call list as pages show it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

from db import Database
from valhalla.leads.call_list import top
from valhalla.leads.view import Entries, Viewer

STEP = 25
MOST = 500


_kept: WeakKeyDictionary[Database, Entries] = WeakKeyDictionary()
"""What requests to one cockpit share: an entry takes longer to make than to read."""


def viewer_of(database: Database, values: Mapping[str, Any] | None = None) -> Viewer:
    """What shows leads, as of now, by the settings in force (``values``, when they were read already)."""
    return Viewer.now(database, values, _kept.setdefault(database, Entries()))


def gather(
    database: Database, limit: int = STEP, *, market: str | None = None, source: str | None = None
) -> dict[str, Any]:
    """The first ``limit`` leads of the call list in the documented shape; ``more``: whether there are others."""
    with database.view():
        viewer = viewer_of(database)
        records = top(database, viewer, limit + 1, market=market, source=source)
        calls = [viewer.entry(record, rank) for rank, record in enumerate(records[:limit], 1)]
    return {"calls": calls, "more": len(records) > limit, "limit": limit, "market": market, "source": source}
