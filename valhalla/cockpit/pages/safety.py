"""Safety: whether it is GO, what guards the program, what may happen how often, and how the data stands."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Form, Request
from starlette.responses import Response

from valhalla.cockpit.gather import safety
from valhalla.cockpit.pages.switches import CONFIRMATION
from valhalla.cockpit.rendering import done
from valhalla.cockpit.state import Here
from valhalla.cockpit.views import Views
from valhalla.effects import register
from valhalla.program.errors import UsageError
from valhalla.safety import jobs
from valhalla.sandbox.governor import GovernorEnforcer

ASKED = {
    "checks": (jobs.CHECKS_JOB, "The checks are being made."),
    "validate": (jobs.VALIDATE_JOB, "Every check of production mode is being made."),
    "risk": (jobs.RISK_JOB, "The risk is being assessed."),
}

router = Views("safety")


@router.view(
    "/safety",
    "/api/safety",
    "safety.html",
    "Safety",
    summary="GO or NO-GO, blocks, limits, heartbeat, risk, validation, production",
    more=lambda request, here, facts: {"effects": register.counts(here.database)},
)
def show(here: Here) -> dict[str, Any]:
    """Checks and blocks as of when they were last made (each has its time; null: never), the rest as of now."""
    return safety.gather(here)


@router.post("/safety/limits")
def limit(
    request: Request,
    here: Here,
    resource: Annotated[str, Form(min_length=1, max_length=100)],
    most: Annotated[int, Form(ge=0, le=10_000_000)],
    seconds: Annotated[float, Form(gt=0, le=1e9)] = 3600,
) -> Response:
    """Set a limit, as ``valhalla governor set`` does."""
    name = resource.strip()
    if not name:
        raise UsageError("name what is limited, such as effect.webhook")
    governor = GovernorEnforcer(database=here.database)
    before = governor.get_status(name)
    governor.change_limit(name, most, seconds, actor=here.actor)
    was = f" (it was {before['max_actions']} in {before['window_seconds']:g} s)" if before else ""
    return done(request, "/safety#governor", f"{name}: at most {most} in {seconds:g} seconds{was}.")


@router.post("/safety/production")
def production(request: Request, here: Here, word: Annotated[str, Form(max_length=20)] = "") -> Response:
    """Have the production workflow run inside of this run, after the question that the command asks, too."""
    if word.strip() != CONFIRMATION:
        raise UsageError(f"nothing was begun: type {CONFIRMATION} to let approved effects go out")
    job = here.background.checking.ask(jobs.PRODUCTION_JOB)
    return done(request, "/safety#production", f"Production has begun (job {job}).", kind="warn")


@router.post("/safety/{what}")
def ask(request: Request, here: Here, what: str) -> Response:
    """Have checks made, the risk assessed, or production mode validated."""
    if what not in ASKED:
        raise UsageError("there is no such check")
    name, says = ASKED[what]
    here.background.checking.ask(name)
    return done(request, f"/safety#{what}", says)
