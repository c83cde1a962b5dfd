"""The ten sample leads, for whoever wants to look before there is a list."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from valhalla.cockpit.rendering import done
from valhalla.cockpit.state import Here
from valhalla.packets.keeping import put
from valhalla.samples import NAME, ten_leads

router = APIRouter(include_in_schema=False)


@router.post("/samples")
def load(request: Request, here: Here) -> Response:
    """Put the sample list into the inbox, where the running program finds it."""
    put(here.home.inbox / NAME, ten_leads())
    return done(request, "/", f"{NAME} is in the inbox and will be read now. Its people are invented.")
