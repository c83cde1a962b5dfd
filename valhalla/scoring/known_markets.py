"""Which markets there are."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from valhalla.program.errors import UsageError
from valhalla.scoring import sql
from valhalla.scoring import store as stages

if TYPE_CHECKING:
    from db import Database


def require(database: Database, market: str) -> None:
    """Raise :class:`UsageError`, which names the nearest one, unless a lead is in this market or the policy has rules for it."""
    if database.value(sql.ANY_LEAD_OF_MARKET, (market,)):
        return
    known = {name for (name,) in database.sql(sql.ALL_MARKETS)} | {
        *stages.latest_policy(database)[1]["markets"]
    }
    if market in known:
        return
    near = get_close_matches(market, sorted(known), 1, 0.5)
    hint = f"; do you mean {near[0]}?" if near else "; markets are written like: Houston, TX"
    raise UsageError(f"no lead is in a market called {market!r}{hint}")
