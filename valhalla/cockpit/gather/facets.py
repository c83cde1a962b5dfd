"""How many leads there are, and of which markets, sources and states: counted in the background."""

from __future__ import annotations

from typing import Any

from db.clock import iso
from valhalla.cockpit.state import Cockpit
from valhalla.leads import facets


def gather(cockpit: Cockpit) -> dict[str, Any] | None:
    """``{total, suppressed, markets, sources, statuses, at}``, each of the three as pairs of name and count; None: not counted yet."""
    figure = cockpit.figures.get("facets", facets.count, of=facets.version(cockpit.database), seconds=60)
    return None if figure is None else {**figure.value._asdict(), "at": iso(figure.at)}
