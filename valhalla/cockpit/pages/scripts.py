"""Scripts: what is said to a lead, and how a script comes into use and goes again."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Form, Path, Request
from starlette.responses import RedirectResponse, Response

from valhalla.cockpit.gather import experiments
from valhalla.cockpit.rendering import done
from valhalla.cockpit.state import Here
from valhalla.cockpit.views import Views
from valhalla.scoring import changes, promoting
from valhalla.scoring import scripts as catalogue

router = Views("experiments")

Number = Annotated[int, Path(ge=1, lt=2**63)]
Reason = Annotated[str, Form(max_length=500)]


@router.view("/experiments/scripts", "/api/experiments/scripts", "scripts.html", "Scripts", summary="Scripts")
def scripts(here: Here) -> dict[str, Any]:
    """Every script with its state and what came of the leads it was used on."""
    return experiments.scripts(here.database)


@router.get("/scripts")
def elsewhere() -> Response:
    """Where the scripts are."""
    return RedirectResponse("/experiments/scripts", 303)


@router.view(
    "/experiments/scripts/{number:int}",
    "/api/experiments/scripts/{number}",
    "script.html",
    lambda found: str(found["name"]),
    summary="One script",
    name="script",
)
def script(here: Here, number: Number) -> dict[str, Any]:
    """Its text, its moves with their reasons, and every gate between it and its place in use."""
    return experiments.script(here.database, number)


@router.post("/experiments/scripts")
def add(
    request: Request,
    here: Here,
    name: Annotated[str, Form(max_length=100)],
    body: Annotated[str, Form(max_length=25_000)],
    channel: Annotated[str, Form(max_length=20)] = "call",
    market: Annotated[str, Form(max_length=100)] = "",
) -> Response:
    """Add a script or a new version of one, as ``valhalla scripts add`` does."""
    made = catalogue.add(
        here.database,
        name,
        body.replace("\r\n", "\n"),
        channel=channel,
        market=market.strip() or None,
        actor=here.actor,
    )
    says = f"{made.title} is there as experimental; compare it in an experiment to bring it into use."
    return done(request, f"/experiments/scripts/{made.id}", says)


@router.post("/experiments/scripts/{number:int}/promote")
def promote(request: Request, here: Here, number: Number) -> Response:
    """Bring a script into use if every gate passes, as ``valhalla scripts promote`` does."""
    (verdict, made), _ = changes.promote_script(here.reevaluating, str(number), actor=here.actor)
    return done(request, f"/experiments/scripts/{number}", verdict.says, kind="ok" if made else "warn")


@router.post("/experiments/scripts/{number:int}/pin")
def pin(request: Request, here: Here, number: Number, reason: Reason = "") -> Response:
    """Bring a script into use by hand and keep it there."""
    changes.pin_script(here.reevaluating, str(number), reason, actor=here.actor)
    return done(
        request,
        f"/experiments/scripts/{number}",
        "It is in use, and stays so whatever the evidence says, until it is unpinned.",
        kind="warn",
        undo=f"/experiments/scripts/{number}/unpin",
    )


@router.post("/experiments/scripts/{number:int}/unpin")
def unpin(request: Request, here: Here, number: Number) -> Response:
    """Let the evidence move the script again."""
    found = promoting.unpin(here.database, str(number), actor=here.actor)
    return done(request, f"/experiments/scripts/{number}", f"{found.title} is not pinned any more.")


@router.post("/experiments/scripts/{number:int}/retire")
def retire(request: Request, here: Here, number: Number, reason: Reason = "") -> Response:
    """Take a script out of use by hand."""
    changes.retire_script(here.reevaluating, str(number), reason, actor=here.actor)
    return done(
        request, f"/experiments/scripts/{number}", "It is retired, and comes back when it is compared again."
    )
