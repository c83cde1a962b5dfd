"""Markets: what there is in each, what came of it, and the share of ARV that own deals and buyers bear out."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Form, Request
from starlette.responses import Response

from valhalla.cockpit.gather import markets
from valhalla.cockpit.rendering import done
from valhalla.cockpit.state import Here
from valhalla.cockpit.views import Views
from valhalla.leads import market_profiles
from valhalla.program.wording import share

router = Views("deals")


@router.view("/markets", "/api/markets", "markets.html", "Markets", summary="Markets side by side")
def listed(here: Here) -> dict[str, Any]:
    """``markets``: leads, prices, days to the first conversation, appointments, closes, fees and buyers of each, and ``cap``: the share of
    ARV in force, the one proposed, formula, bounds and n. Null while that is worked out for the first time."""
    return {"markets": markets.listed(here)}


@router.post("/markets/cap")
def cap(
    request: Request,
    here: Here,
    market: Annotated[str, Form(max_length=200)],
    back: Annotated[str, Form(max_length=2_000)] = "/markets",
) -> Response:
    """Put the share that is proposed for a market into the policy, as ``valhalla markets cap --apply`` does."""
    found, _ = market_profiles.apply_cap(here.reevaluating, market, actor=here.actor)
    says = f"{found['market']}: {share(found['applied'])} of ARV from now on (policy version {found['version']})."
    return done(request, back, says)
