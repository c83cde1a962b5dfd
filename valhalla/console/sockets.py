"""The boards on a web server: two WebSockets and what belongs to them. Mounts on any FastAPI::

    console = Console()
    app = FastAPI(lifespan=sockets.lifespan(console))
    app.include_router(sockets.router(lambda connection: console))

Who may connect is for the server to say; nothing here checks that.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

from fastapi import APIRouter, FastAPI, Request, WebSocket
from fastapi.requests import HTTPConnection

from jobs.web.views import Route
from valhalla.console.board import FRAME, Board
from valhalla.console.hub import Outbox, pack
from valhalla.console.moments import now_ms
from valhalla.console.service import Console

SHOWN = 40
"""Characters of an unknown message that are repeated in the answer."""


def lifespan(console: Console) -> Callable[[FastAPI], contextlib.AbstractAsyncContextManager[None]]:
    """A lifespan that starts the console's sources and tasks with the server and stops them with it."""

    @contextlib.asynccontextmanager
    async def started(app: FastAPI) -> AsyncIterator[None]:
        async with console:
            yield

    return started


def router(find: Callable[[HTTPConnection], Console]) -> APIRouter:
    """``/ws/federation``, ``/ws/memory``, ``/api/sources``, ``/api/federation`` and ``/api/memory``.

    ``find`` says which console a request or WebSocket is for; one that does not run yet is started by the first of them.
    """
    routes = APIRouter(tags=["console"], route_class=Route)

    async def found(connection: HTTPConnection) -> Console:
        console = find(connection)
        await console.ensure()
        return console

    @routes.websocket("/ws/federation")
    async def federation_socket(websocket: WebSocket) -> None:
        await serve(websocket, (await found(websocket)).federation)

    @routes.websocket("/ws/memory")
    async def memory_socket(websocket: WebSocket) -> None:
        await serve(websocket, (await found(websocket)).memory)

    @routes.get("/api/sources", summary="Where the console's data comes from, and whether it answers now")
    async def sources(request: Request) -> dict[str, Any]:
        """Each source with its mode (production, simulated, unavailable), since when, and why."""
        return await (await found(request)).health()

    @routes.get("/api/federation", summary="A freshly asked frame of the federation board")
    async def federation(request: Request) -> dict[str, Any]:
        """The shape of ``federation_update``, as ``/ws/federation`` sends it."""
        return await federation_board(await found(request))

    @routes.get(
        "/api/memory",
        summary="A freshly asked frame of the memory board, its last ten minutes, the quarantine",
    )
    async def memory(request: Request) -> dict[str, Any]:
        """``frame`` has the shape of ``memory_update``, as ``/ws/memory`` sends it; with it ``history`` and ``quarantine``."""
        return await memory_board(await found(request))

    return routes


async def federation_board(console: Console) -> dict[str, Any]:
    """What the federation board shows: a freshly asked frame."""
    await console.federation.fresh()
    return console.federation_state.frame


async def memory_board(console: Console) -> dict[str, Any]:
    """What the memory board shows: a freshly asked ``frame``, and with it ``history`` and ``quarantine``."""
    await console.memory.fresh()
    return {"frame": console.memory_state.frame, **await console.memory_state.details()}


async def serve(websocket: WebSocket, board: Board) -> None:
    """Accept a client of the board and serve it until it goes."""

    async def welcome(outbox: Outbox) -> None:
        outbox.put(FRAME, await board.fresh())

    async def hear(outbox: Outbox, text: str | None) -> None:
        if text == "ping":
            await outbox.reply(pack({"type": "pong", "timestamp": now_ms()}))
        elif text == "refresh":
            await outbox.reply(await board.fresh())
        else:
            said = "a message that is not text" if text is None else repr(text[:SHOWN])
            message = f"{said} is not understood; send ping or refresh"
            await outbox.reply(pack({"type": "error", "message": message}))

    await board.hub.serve(websocket, welcome, hear)
