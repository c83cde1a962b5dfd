"""The digest: the day in two minutes, as a page of its own and as the files that were written."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from valhalla.cockpit.documents import document
from valhalla.cockpit.gather import digest
from valhalla.cockpit.rendering import done, page
from valhalla.cockpit.state import Here
from valhalla.program.errors import NotFound
from valhalla.program.home import digest_path
from valhalla.reports import digest_page

router = APIRouter(include_in_schema=False)

Days = Annotated[float, Query(gt=0, le=31)]
Date = Annotated[str, Path(pattern=r"^\d{4}-\d{2}-\d{2}$")]


@router.get("/digest")
def show(request: Request, here: Here, days: Days = 1.0) -> Response:
    """The digest as of now; nothing is written."""
    told = digest.gather(here, days)
    if told is None:
        return page(request, "digest_wait.html", "Digest")
    return document(digest_page.html(told))


@router.get("/digest.txt")
def text(here: Here, days: Days = 1.0) -> Response:
    """The same for a terminal or a mail; 202 while it is put together."""
    told = digest.gather(here, days)
    if told is None:
        return PlainTextResponse("It is being put together; ask again.\n", 202, {"retry-after": "2"})
    return PlainTextResponse(digest_page.text(told))


@router.get("/digest/{date}")
def written(here: Here, date: Date) -> Response:
    """The digest that was written on a day."""
    try:
        return document(digest_path(here.home, date).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise NotFound(f"no digest was written on {date}") from None


@router.post("/digest")
def write(request: Request, here: Here) -> Response:
    """Write today's digest into the home, as ``valhalla digest --write`` does."""
    path, _ = digest_page.write(here.database, here.home)
    done(request, "/", f"The digest was written to {path}.")
    return RedirectResponse(f"/digest/{path.stem.removeprefix('digest-')}", 303)
