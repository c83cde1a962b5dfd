"""Experiments: which script or channel does better, and how sure that is."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Form, Path, Request
from starlette.responses import Response

from valhalla.cockpit.gather import experiments
from valhalla.cockpit.rendering import done
from valhalla.cockpit.state import Here
from valhalla.cockpit.views import Views
from valhalla.program.errors import UsageError
from valhalla.scoring import changes
from valhalla.scoring.experiments import Arm

router = Views("experiments")

Number = Annotated[int, Path(ge=1, lt=2**63)]
Words = Annotated[list[str] | None, Form(max_length=20)]
Weights = Annotated[list[int] | None, Form(max_length=20)]


@router.view(
    "/experiments",
    "/api/experiments",
    "experiments.html",
    "Experiments",
    summary="What is compared, and what was",
)
def show(here: Here) -> dict[str, Any]:
    """The running experiment with its results, all experiments, scripts, and how good the predictions were.

    Results are null while they are counted for the first time, and as old as ``as_of`` says.
    """
    return experiments.gather(here)


@router.view(
    "/experiments/{number:int}",
    "/api/experiments/{number}",
    "experiment.html",
    lambda found: str(found["name"]),
    summary="One experiment",
    name="found",
)
def one(here: Here, number: Number) -> dict[str, Any]:
    """Counts, rates with 95 % intervals, the check of the split, comparisons with their gates, and the verdict."""
    return experiments.one(here, number)


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
    found, _ = changes.start_experiment(
        here.reevaluating, name, arms, kind=kind, metric=metric, actor=here.actor
    )
    return done(request, f"/experiments/{found.id}", f"{found.name} runs; new leads are split from now on.")


@router.post("/experiments/{number:int}/start")
def go_on(request: Request, here: Here, number: Number) -> Response:
    """Go on with a stopped experiment."""
    name = experiments.one(here, number)["name"]
    found, _ = changes.start_experiment(here.reevaluating, name, actor=here.actor)
    return done(request, f"/experiments/{number}", f"{name} runs again, as version {found.version}.")


@router.post("/experiments/{number:int}/stop")
def stop(request: Request, here: Here, number: Number) -> Response:
    """Stop an experiment, as ``valhalla experiments stop`` does; what was counted stays."""
    name = experiments.one(here, number)["name"]
    changes.stop_experiment(here.reevaluating, name, actor=here.actor)
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
    found, _ = changes.weigh_experiment(here.reevaluating, name, weights, actor=here.actor)
    return done(
        request, f"/experiments/{number}", f"New leads of {name} are split again (version {found.version})."
    )
