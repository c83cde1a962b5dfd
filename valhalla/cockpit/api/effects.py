"""Effects as JSON."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from valhalla.cockpit.gather import effects
from valhalla.cockpit.pages.effects import Kind, State
from valhalla.cockpit.rendering import Answer
from valhalla.cockpit.state import Here

router = APIRouter(prefix="/api/effects", tags=["effects"])


@router.get("", summary="Effects, the newest first")
def show(
    here: Here,
    state: State | None = None,
    kind: Kind | None = None,
    before: Annotated[
        int | None, Query(ge=1, lt=2**63, description="the effect after which to go on")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = effects.PAGE,
) -> Response:
    """Each with what it says, exactly what it sends, and what may be done with it; ``live_until`` null: dry run."""
    return Answer(effects.gather(here.database, state, kind, before, limit))


@router.get("/{number}", summary="One effect")
def one(here: Here, number: Annotated[int, Path(ge=1, lt=2**63)]) -> Response:
    """What it sends, to whom, and where it stands."""
    return Answer(effects.one(here.database, number))
