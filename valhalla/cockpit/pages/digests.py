"""The digest: the day in two minutes, as a page of its own and as the files that were written."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path, Query, Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from db.clock import MINUTE
from valhalla.cockpit.documents import document
from valhalla.cockpit.rendering import Answer, done, page
from valhalla.cockpit.state import Cockpit, Here
from valhalla.cockpit.views import Views
from valhalla.program.errors import NotFound
from valhalla.program.home import digest_path
from valhalla.reports import digest, digest_page
from valhalla.reports.overview import figures_version

router = Views("overview")

SHOWN = 10 * MINUTE
"""How long a digest is shown although nothing has changed: scores fade, and hours for calls begin and end."""

Days = Annotated[float, Query(gt=0, le=31)]
Date = Annotated[str, Path(pattern=r"^\d{4}-\d{2}-\d{2}$")]


def _gathered(here: Cockpit, days: float) -> dict[str, Any] | None:
    """What the last ``days`` brought, a minute old where something has changed since; None while it is put together."""
    found = here.figures.get(
        f"digest:{days}",
        lambda database: digest.gather(database, days),
        of=(*figures_version(here.database), here.database.clock() // SHOWN),
        seconds=60.0,
    )
    return found.value if found else None


@router.get("/digest")
def page_of_day(request: Request, here: Here, days: Days = 1.0) -> Response:
    """The digest as of now; nothing is written."""
    facts = _gathered(here, days)
    return page(request, "digest_wait.html", "Digest") if facts is None else document(digest_page.html(facts))


@router.json(
    "/api/digest",
    summary="The day in two minutes",
    responses={202: {"description": "It is being put together; ask again"}},
)
def show(here: Here, days: Days = 1.0) -> Response:
    """What the last days brought, who to call, what needs attention. Null, with 202, while it is put together; nothing is written."""
    facts = _gathered(here, days)
    return Answer(facts) if facts is not None else Answer(None, 202, {"retry-after": "2"})


@router.get("/digest.txt")
def text(here: Here, days: Days = 1.0) -> Response:
    """The same for a terminal or a mail; 202 while it is put together."""
    facts = _gathered(here, days)
    if facts is None:
        return PlainTextResponse("It is being put together; ask again.\n", 202, {"retry-after": "2"})
    return PlainTextResponse(digest_page.text(facts))


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
