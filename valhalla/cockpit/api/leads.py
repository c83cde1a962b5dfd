"""Leads as JSON: pages of them, one, and how many there are of what."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from valhalla.cockpit.gather import facets, lead, leads
from valhalla.cockpit.pages.lead import Number
from valhalla.cockpit.pages.leads import Wanted
from valhalla.cockpit.rendering import Answer
from valhalla.cockpit.state import Here

router = APIRouter(prefix="/api/leads", tags=["leads"])

MISSING: dict[int | str, dict[str, Any]] = {404: {"description": "There is no such lead"}}


@router.get("", summary="A page of leads", responses={400: {"description": "No such state or order"}})
def show(here: Here, asked: Wanted) -> Response:
    """With ``q``: the best that are found. Without: 50 at a time; go on with ``after`` = the answer's ``next``."""
    return Answer(leads.gather(here.database, asked))


@router.get("/counts", summary="How many leads of which market, source and state")
def counts(here: Here) -> Response:
    """Counted beside the requests, at most once a minute; null before it has been counted for the first time."""
    return Answer(facets.gather(here))


@router.get("/{number}", summary="One lead", responses=MISSING)
def one(here: Here, number: Number) -> Response:
    """Its fields, the six stages with reasons, history, outcomes, provenance, packet."""
    return Answer(lead.gather(here, number))
