"""The machine at a glance: is all well, what came in, what runs."""

from __future__ import annotations

from typing import Any

from valhalla.cockpit.gather import overview
from valhalla.cockpit.state import Here
from valhalla.cockpit.views import Views

router = Views("overview")


@router.view("/overview", "/api/overview", "overview.html", "Overview", summary="What the overview shows")
def show(here: Here) -> dict[str, Any]:
    """Tiles, the first of the call list, funnel, quality, running work, open alerts."""
    return overview.gather(here)
