"""Experiments: which script or channel does better, and how sure that is."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Form, Path, Request
from starlette.responses import Response

from valhalla.cockpit.gather import experiments
from valhalla.cockpit.rail import Entry
from valhalla.cockpit.rendering import done, page
from valhalla.cockpit.state import Here
from valhalla.program.errors import UsageError
from valhalla.scoring import changes
from valhalla.scoring.experiments import Arm

ENTRY = Entry("Experiments", "/experiments", "experiments")

router = APIRouter(include_in_schema=False)

Number = Annotated[int, Path(ge=1, lt=2**63)]
Words = Annotated[list[str] | None, Form(max_length=20)]
Weights = Annotated[list[int] | None, Form(max_length=20)]


@router.get("/experiments")
def show(request: Request, here: Here) -> Response:
    """What is compared, what was, the scripts, and whether predictions come true."""
    return page(request, "experiments.html", "Experiments", **experiments.gather(here))


@router.get("/experiments/{number:int}")
def one(request: Request, here: Here, number: Number) -> Response:
    """One experiment with its counts, intervals, the check of the split, and what is still missing."""
    found = experiments.one(here, number)
    return page(request, "experiment.html", found["name"], found=found)


@router.post("/experiments")
def start(
    request: Request,
    here: Here,
    name: Annotated[str, Form(max_length=100)],
    kind: Annotated[Literal["script", "channel"], Form()] = "script",
    metric: Annotated[str, Form(max_length=20)] = "appointment",
    variant: Words = None,
    script: Words = None,
    weight: Weights = None,
) -> Response:
    """Start a new experiment, as ``valhalla experiments start`` does."""
    names, scripts, weights = variant or [], script or [], weight or []
    if not len(names) == len(weights) == len(scripts):
        raise UsageError("every variant needs a name, a script and a weight")
    arms = [
        Arm(name.strip(), share, which.strip() or None)
        for name, which, share in zip(names, scripts, weights, strict=True)
        if name.strip()
    ]
    if not arms:
        raise UsageError("an experiment compares two variants or more; give them names")
    found, _ = changes.start_experiment(here.reevaluating, name, arms, kind=kind, metric=metric)
    return done(request, f"/experiments/{found.id}", f"{found.name} runs; new leads are split from now on.")


@router.post("/experiments/{number:int}/start")
def go_on(request: Request, here: Here, number: Number) -> Response:
    """Go on with a stopped experiment."""
    name = experiments.one(here, number)["name"]
    found, _ = changes.start_experiment(here.reevaluating, name)
    return done(request, f"/experiments/{number}", f"{name} runs again, as version {found.version}.")


@router.post("/experiments/{number:int}/stop")
def stop(request: Request, here: Here, number: Number) -> Response:
    """Stop an experiment, as ``valhalla experiments stop`` does; what was counted stays."""
    name = experiments.one(here, number)["name"]
    changes.stop_experiment(here.reevaluating, name)
    says = f"{name} is stopped; its leads get the script in use. What was counted stays."
    return done(request, f"/experiments/{number}", says, undo=f"/experiments/{number}/start")


@router.post("/experiments/{number:int}/weights")
def weigh(
    request: Request, here: Here, number: Number, variant: Words = None, weight: Weights = None
) -> Response:
    """Change the shares from now on, as ``valhalla experiments set`` does; leads keep the variant they have."""
    if not variant or not weight or len(variant) != len(weight):
        raise UsageError("every variant needs a weight")
    name = experiments.one(here, number)["name"]
    weights = dict(zip(variant, weight, strict=True))
    found, _ = changes.weigh_experiment(here.reevaluating, name, weights)
    return done(
        request, f"/experiments/{number}", f"New leads of {name} are split anew (version {found.version})."
    )
