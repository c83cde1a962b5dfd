"""Who to call: the call list as pages show it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

from db import Database
from valhalla.leads.call_list import top
from valhalla.leads.view import Contexts, Viewer

STEP = 25
MOST = 500


_kept: WeakKeyDictionary[Database, Contexts] = WeakKeyDictionary()
"""What requests to one cockpit share: a policy takes longer to compile than a page of leads to read."""


def viewer_of(database: Database, values: Mapping[str, Any] | None = None) -> Viewer:
    """What shows leads, as of now, by the settings in force (``values``, when they were read already)."""
    return Viewer.now(database, values, _kept.setdefault(database, Contexts(database)))


def gather(
    database: Database, limit: int = STEP, *, market: str | None = None, source: str | None = None
) -> dict[str, Any]:
    """The first ``limit`` leads of the call list in the documented shape; ``more``: whether there are others."""
    with database.view():
        viewer = viewer_of(database)
        records = top(database, viewer, limit + 1, market=market, source=source)
        calls = [viewer.entry(record, rank) for rank, record in enumerate(records[:limit], 1)]
    return {"calls": calls, "more": len(records) > limit, "limit": limit, "market": market, "source": source}
