"""The digest as of now, put together beside the pages: it looks at every lead."""

from __future__ import annotations

from typing import Any

from db.clock import MINUTE
from valhalla.cockpit.gather.experiments import stands
from valhalla.cockpit.state import Cockpit
from valhalla.reports import digest

SHOWN = 10 * MINUTE
"""How long a digest is shown although nothing has changed: scores fade, and hours for calls begin and end."""


def gather(here: Cockpit, days: float) -> dict[str, Any] | None:
    """What the last ``days`` brought, a minute old where something has changed since; None while it is put together."""
    stood = (*stands(here.database), here.database.clock() // SHOWN)
    found = here.figures.get(
        f"digest:{days}", lambda database: digest.gather(database, days), of=stood, seconds=60.0
    )
    return found.value if found else None
