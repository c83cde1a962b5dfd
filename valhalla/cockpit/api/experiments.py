"""Experiments and scripts as JSON."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from valhalla.cockpit.gather import experiments
from valhalla.cockpit.rendering import Answer
from valhalla.cockpit.state import Here

router = APIRouter(prefix="/api/experiments", tags=["experiments"])

Number = Annotated[int, Path(ge=1, lt=2**63)]


@router.get("", summary="What is compared, and what was")
def show(here: Here) -> Response:
    """The running experiment with its results, all experiments, scripts, and how good the predictions were.

    Results are null while they are counted for the first time, and as old as ``as_of`` says.
    """
    return Answer(experiments.gather(here))


@router.get("/scripts", summary="Scripts")
def scripts(here: Here) -> Response:
    """Every script with its state and what came of the leads it was used on."""
    return Answer(experiments.scripts(here.database))


@router.get("/scripts/{number}", summary="One script")
def script(here: Here, number: Number) -> Response:
    """Its text, its moves with their reasons, and every gate between it and its place in use."""
    return Answer(experiments.script(here.database, number))


@router.get("/{number}", summary="One experiment")
def one(here: Here, number: Number) -> Response:
    """Counts, rates with 95 % intervals, the check of the split, comparisons with their gates, and the verdict."""
    return Answer(experiments.one(here, number))
