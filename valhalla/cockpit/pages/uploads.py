"""Lists that come through the browser: kept, shown with what they would do, then read or dropped."""

from __future__ import annotations

import re
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Form, Path, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.responses import RedirectResponse, Response

from valhalla.cockpit import uploads
from valhalla.cockpit.gather import imports
from valhalla.cockpit.pages.imports import pairs, reading
from valhalla.cockpit.rendering import Answer, done, wants_json
from valhalla.cockpit.state import Here
from valhalla.cockpit.views import Views
from valhalla.intake import advice as cures
from valhalla.intake.reading import DEFAULT_SOURCE
from valhalla.intake.source_settings import Change, set_source
from valhalla.intake.sources import SUFFIXES
from valhalla.program.errors import UsageError

PIECE = 2**20

router = Views("imports")

Token = Annotated[str, Path(max_length=40)]
Source = Annotated[str, Form(max_length=100)]
_SOURCE = re.compile(r"[^\W_][\w .,+()&'-]{0,59}")


@router.post(uploads.PATH)
async def receive(
    request: Request, here: Here, name: Annotated[str, Query(max_length=1_000)] = ""
) -> Response:
    """Keep a list: its bytes with ``?name=`` from a script, or a form's file. Answers with where it is shown."""
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        async with request.form(max_files=1, max_fields=3) as form:
            given = form.get("list")
            if not isinstance(given, UploadFile) or not given.filename:
                raise UsageError("choose a list first")
            kept = await run_in_threadpool(_keep, here, given)
    else:
        length = request.headers.get("content-length", "")
        announced = int(length) if length.isdecimal() else None
        receiving = await run_in_threadpool(uploads.Receiving, here.home, name, announced)
        try:
            piece = bytearray()
            async for part in request.stream():
                piece += part
                if len(piece) >= PIECE:
                    await run_in_threadpool(receiving.write, bytes(piece))
                    piece.clear()
            await run_in_threadpool(receiving.write, bytes(piece))
            kept = await run_in_threadpool(receiving.finish)
        except BaseException:
            receiving.drop()
            raise
    where = f"/imports/uploads/{kept.token}"
    if wants_json(request.scope):
        return Answer({"token": kept.token, "name": kept.name, "href": where})
    return RedirectResponse(where, 303)


def _keep(here: Here, given: UploadFile) -> uploads.Upload:
    receiving = uploads.Receiving(here.home, given.filename or "", given.size)
    try:
        while piece := given.file.read(PIECE):
            receiving.write(piece)
        return receiving.finish()
    except BaseException:
        receiving.drop()
        raise


@router.view(
    "/imports/uploads/{token}",
    "/api/imports/uploads/{token}",
    "upload.html",
    lambda found: str(found["name"]),
    summary="What a dropped list would do",
    name="found",
)
def upload(
    here: Here,
    token: Token,
    source: Annotated[str, Query(max_length=100)] = DEFAULT_SOURCE,
    other: Annotated[str, Query(max_length=100, include_in_schema=False)] = "",
) -> dict[str, Any]:
    """The preview of a list that waits; ``preview`` is null while it is worked out."""
    # The page's form has a field for a source that is not in its list.
    return imports.upload(here, token, source_name(other or source))


@router.post("/imports/uploads/{token}/import")
def take(request: Request, here: Here, token: Token, source: Source = DEFAULT_SOURCE) -> Response:
    """Put the list into the inbox and have it read."""
    name = source_name(source)
    path = uploads.take(here.home, token, name)
    return reading(request, here, path, name)


@router.post("/imports/uploads/{token}/discard")
def discard(request: Request, here: Here, token: Token) -> Response:
    """Drop the list; nothing of it was read."""
    dropped = uploads.discard(here.home, token)
    return done(request, "/imports", f"{dropped.name} was dropped; nothing of it was read.")


@router.post("/imports/uploads/{token}/mapping")
def map_columns(
    request: Request,
    here: Here,
    token: Token,
    column: Annotated[list[str], Form(max_length=1_000)],
    field: Annotated[list[str], Form(max_length=1_000)],
    source: Source = DEFAULT_SOURCE,
) -> Response:
    """Say once for the source which column is which field."""
    found, name = uploads.find(here.home, token), source_name(source)
    set_source(here.database, name, Change(columns=pairs(column, field), like=found.path), actor=here.actor)
    says = f"Lists of source {name} with these columns are read like this from now on."
    return done(request, _at(token, name), says)


@router.post("/imports/uploads/{token}/answer")
def answer(
    request: Request,
    here: Here,
    token: Token,
    column: Annotated[str, Form(max_length=1_000)],
    field: Annotated[str, Form(max_length=60)] = "",
    source: Source = DEFAULT_SOURCE,
) -> Response:
    """Answer a question about a column once, for all lists of the source with these columns; an empty field is no."""
    found, name = uploads.find(here.home, token), source_name(source)
    set_source(here.database, name, Change(columns={column: field}, like=found.path), actor=here.actor)
    return done(request, _at(token, name), "Remembered for all lists with these columns.")


@router.post("/imports/uploads/{token}/cure")
def cure(request: Request, here: Here, token: Token, source: Source = DEFAULT_SOURCE) -> Response:
    """Follow the advice that the preview gives."""
    name = source_name(source)
    facts = imports.upload(here, token, name)["preview"]
    advice = facts["file"]["advice"] if facts and facts["file"] else []
    if not advice:
        raise UsageError("there is nothing to advise about this list")
    set_source(here.database, name, Change(), actor=here.actor)
    cures.follow(here.database, str(uploads.find(here.home, token).path), name, advice[0], actor=here.actor)
    return done(request, _at(token, name), f"Source {name} is read by that from now on.")


def source_name(given: str) -> str:
    """A source's name that is a folder's name, too. Raises :class:`UsageError`."""
    name = " ".join(given.split())
    if not _SOURCE.fullmatch(name) or name.endswith((".", " ")) or name.lower().endswith(SUFFIXES):
        raise UsageError(
            "a source's name begins with a letter or digit and has at most 60 letters, digits, spaces or - . _"
        )
    return name


def _at(token: str, source: str) -> str:
    return f"/imports/uploads/{token}?{urlencode({'source': source})}"
