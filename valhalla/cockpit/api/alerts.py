"""Alerts as JSON."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from valhalla.cockpit.gather import alerts
from valhalla.cockpit.pages.alerts import Severity, State
from valhalla.cockpit.rendering import Answer
from valhalla.cockpit.state import Here

router = APIRouter(prefix="/api/alerts", tags=["alerts"])


@router.get("", summary="Alerts, the worst first")
def show(
    here: Here,
    state: State = "open",
    severity: Severity | None = None,
    before: Annotated[int | None, Query(ge=1, lt=2**63, description="the alert after which to go on")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = alerts.PAGE,
) -> Response:
    """Each with its facts, how often and when it was seen, and what to do about it; ``next`` goes into ``before``."""
    return Answer(alerts.gather(here.database, state, severity, before, limit))
