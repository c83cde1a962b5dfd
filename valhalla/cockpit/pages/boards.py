"""The federation and memory boards: as pages at first, then by WebSocket. Sources are connected to once somebody looks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from anyio import from_thread
from fastapi import Query, Request
from starlette.responses import Response

from valhalla.cockpit import consoles
from valhalla.cockpit.gather import boards
from valhalla.cockpit.rendering import page
from valhalla.cockpit.state import Cockpit, Here
from valhalla.cockpit.views import Views
from valhalla.console import Console, sockets
from valhalla.console.sockets import federation_board, memory_board

router = sockets.router(consoles.console_of)


@router.get("/federation", include_in_schema=False)
def federation(request: Request, here: Here) -> Response:
    """The federation board as it is now; its script keeps it so."""
    return page(request, "federation.html", "Federation", board=_frame(here, federation_board))


@router.get("/memory", include_in_schema=False)
def memory(request: Request, here: Here) -> Response:
    """The memory board with its history and quarantine as it is now; its script keeps it so."""
    return page(request, "memory.html", "Memory", board=_frame(here, memory_board))


views = Views("console")


def _drawn(request: Request, here: Cockpit, found: dict[str, Any]) -> dict[str, Any]:
    drawn = {
        board: boards.lines(shown, here.database.clock() // 1_000)
        for board, shown in found["history"].items()
    }
    return {"lines": drawn, "names": boards.NAMES, "width": boards.WIDTH, "height": boards.HEIGHT}


@views.view(
    "/boards",
    "/api/boards",
    "board_sources.html",
    "Board sources",
    summary="The boards' sources as they answer now, and the boards' figures over days",
    more=_drawn,
)
def sources_and_history(here: Here, hours: Annotated[int, Query(ge=1, le=1_440)] = 24) -> dict[str, Any]:
    """``sources``: each source, whether it answers now, and how it has answered since the program started. ``history``: for each board
    ``{hours, step_seconds, since, figures: {name: {points: [[milliseconds, mean]], trend, forecast}}}``; up to 48 ``hours`` in steps of
    five minutes, beyond in hours."""
    return boards.gather(here, hours)


router.routes.extend(views.routes)  # as they are, not by include_router, which works out each of them


def _frame(cockpit: Cockpit, board: Callable[[Console], Awaitable[dict[str, Any]]]) -> dict[str, Any]:
    """A frame of a board. Called in a reading thread."""

    async def ask() -> dict[str, Any]:
        console = consoles.of(cockpit)
        await console.ensure()
        return await board(console)

    return from_thread.run(ask)
