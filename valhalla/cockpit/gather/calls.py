"""Who to call: the call list as pages show it."""

from __future__ import annotations

from typing import Any

from db import Database
from valhalla import settings
from valhalla.leads.top import top
from valhalla.leads.view import Viewer

STEP = 25
MOST = 500


def viewer_of(database: Database) -> Viewer:
    """What shows leads, as of now, by the settings in force."""
    values = settings.effective(database)
    return Viewer(database, database.clock(), quiet=values["quiet_hours"], zone=values["timezone"])


def gather(
    database: Database, limit: int = STEP, *, market: str | None = None, source: str | None = None
) -> dict[str, Any]:
    """The first ``limit`` leads of the call list in the documented shape; ``more``: whether there are others."""
    with database.view():
        viewer = viewer_of(database)
        records = top(database, viewer, limit + 1, market=market, source=source)
        calls = [viewer.entry(record, rank) for rank, record in enumerate(records[:limit], 1)]
    return {"calls": calls, "more": len(records) > limit, "limit": limit, "market": market, "source": source}
