"""The audit log and copies as JSON."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from db import audit as chain
from valhalla.cockpit.gather import audit
from valhalla.cockpit.pages.audit import Which
from valhalla.cockpit.rendering import Answer
from valhalla.cockpit.state import Here

router = APIRouter(prefix="/api/audit", tags=["audit"])


@router.get("/log", summary="Entries of the audit log, the newest first")
def entries(here: Here, which: Which, limit: Annotated[int, Query(ge=1, le=500)] = audit.PAGE) -> Response:
    """Each with its number, time, actor, action, subject, facts and hash; ``next`` goes into ``before``."""
    return Answer(audit.entries_of(here.database, which, limit))


@router.get("/head", summary="The end of the chain")
def head(here: Here) -> Response:
    """The newest entry's number and hash, and the heads noted outside of the file."""
    found = chain.head(here.database)
    return Answer(
        {"entries": found.entries, "hash": found.hash or None, "noted": audit.noted(here.home.audit)}
    )


@router.get("/copies", summary="Copies in the home's audit folder")
def listed(here: Here) -> Response:
    """Each with what its manifest says; a copy is downloaded from ``/audit/copies/NAME``."""
    return Answer({"copies": audit.listed(here.home)})


@router.get("/work", summary="Copies and verifications that were asked for")
def work(here: Here) -> Response:
    """How far each is, or how it ended."""
    return Answer({"work": audit.working(here.database)})
