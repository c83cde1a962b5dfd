"""Imports as JSON."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from valhalla.cockpit.gather import imports
from valhalla.cockpit.pages.imports import State
from valhalla.cockpit.pages.uploads import source_name
from valhalla.cockpit.rendering import Answer
from valhalla.cockpit.state import Here
from valhalla.intake.reading import DEFAULT_SOURCE

router = APIRouter(prefix="/api/imports", tags=["imports"])

Number = Annotated[int, Path(ge=1, lt=2**63)]


@router.get("", summary="Imports, the newest first")
def show(
    here: Here,
    before: Annotated[
        int | None, Query(ge=1, lt=2**63, description="the import after which to go on")
    ] = None,
    source: Annotated[str | None, Query(max_length=200)] = None,
    state: State | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = imports.PAGE,
) -> Response:
    """Imports with their counts, the ones that run with how far they are, and lists that wait for a decision."""
    return Answer(imports.gather(here, before=before, source=source, state=state, limit=limit))


@router.get("/sources", summary="Sources with their rules")
def sources(here: Here) -> Response:
    """Which lists belong together, how they are read, and how their columns are mapped."""
    return Answer(imports.sources(here.database))


@router.get("/sources/{name}", summary="One source")
def source(here: Here, name: Annotated[str, Path(max_length=200)]) -> Response:
    """All of its rules, and its last imports."""
    return Answer(imports.source(here.database, name))


@router.get("/uploads/{token}", summary="What a dropped list would do")
def upload(
    here: Here,
    token: Annotated[str, Path(max_length=40)],
    source: Annotated[str, Query(max_length=100)] = DEFAULT_SOURCE,
) -> Response:
    """The preview of a list that waits; ``preview`` is null while it is worked out."""
    return Answer(imports.upload(here, token, source_name(source)))


@router.get("/{number}", summary="One import")
def one(
    here: Here,
    number: Number,
    code: Annotated[
        str | None, Query(max_length=60, pattern="^[A-Z_]+$", description="only rejects with this code")
    ] = None,
    after: Annotated[int, Query(ge=0, lt=2**63, description="the reject after which to go on")] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = imports.REJECTS,
) -> Response:
    """Counts, columns, warnings, advice, and a page of the rows that were refused and why."""
    return Answer(imports.one(here, number, code=code, after=after, limit=limit))
