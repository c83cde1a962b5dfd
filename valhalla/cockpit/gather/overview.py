"""What the overview shows."""

from __future__ import annotations

from typing import Any

from valhalla.cockpit.gather import calls
from valhalla.cockpit.live import running_work
from valhalla.cockpit.state import Cockpit

CALLS = 5


def gather(cockpit: Cockpit) -> dict[str, Any]:
    """The overview, as of now."""
    return {
        "calls": calls.first(cockpit.database, CALLS),
        "work": running_work(cockpit.database),
    }
