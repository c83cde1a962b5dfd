"""The boards on a web server: two WebSockets and what stands beside them. Mounts on any FastAPI::

    console = Console()
    app = FastAPI(lifespan=sockets.lifespan(console))
    app.include_router(sockets.router(console))

Who may connect is for the server to say; nothing here checks that.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import orjson
from fastapi import APIRouter, FastAPI, WebSocket, WebSocketDisconnect
from starlette.websockets import WebSocketState

from valhalla.console.board import Board
from valhalla.console.hub import Seat
from valhalla.console.moments import now_ms
from valhalla.console.service import Console

PATIENCE = 30.0
"""Seconds that one frame may take to be taken by a client. Then its connection is closed: it may come back."""

SHOWN = 40
"""Characters of an unknown message that are repeated in the answer."""


def lifespan(console: Console) -> Callable[[FastAPI], contextlib.AbstractAsyncContextManager[None]]:
    """A lifespan that starts the console's sources and tasks with the server and stops them with it."""

    @contextlib.asynccontextmanager
    async def started(app: FastAPI) -> AsyncIterator[None]:
        async with console:
            yield

    return started


def router(console: Console) -> APIRouter:
    """``/ws/federation``, ``/ws/memory``, ``/api/sources``, ``/api/federation`` and ``/api/memory``."""
    routes = APIRouter(tags=["console"])

    @routes.websocket("/ws/federation")
    async def federation_socket(websocket: WebSocket) -> None:
        await serve(websocket, console.federation)

    @routes.websocket("/ws/memory")
    async def memory_socket(websocket: WebSocket) -> None:
        await serve(websocket, console.memory)

    @routes.get("/api/sources", summary="Where the console's data comes from, and whether it answers now")
    async def sources() -> dict[str, Any]:
        return await console.health()

    @routes.get("/api/federation", summary="A freshly asked frame of the federation board")
    async def federation() -> dict[str, Any]:
        frame: dict[str, Any] = orjson.loads(await console.federation.fresh())
        return frame

    @routes.get(
        "/api/memory",
        summary="A freshly asked frame of the memory board, its last ten minutes, the quarantine",
    )
    async def memory() -> dict[str, Any]:
        frame = orjson.loads(await console.memory.fresh())
        return {"frame": frame, **await console.memory_state.details()}

    return routes


async def serve(websocket: WebSocket, board: Board) -> None:
    """Accept a client of the board and serve it until it goes."""
    await websocket.accept()
    with board.hub.seat() as seat:
        seat.put(await board.fresh())
        listening = asyncio.create_task(_listen(websocket, board, seat))
        sending = asyncio.create_task(_send(websocket, seat))
        try:
            await asyncio.wait((listening, sending), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (listening, sending):
                task.cancel()
            ended = await asyncio.gather(listening, sending, return_exceptions=True)
    for outcome in ended:
        if isinstance(outcome, TimeoutError) and websocket.application_state is WebSocketState.CONNECTED:
            with contextlib.suppress(RuntimeError, OSError, WebSocketDisconnect, TimeoutError):
                async with asyncio.timeout(1):
                    await websocket.close(1013, "not reading")
        elif isinstance(outcome, Exception) and not isinstance(
            outcome, WebSocketDisconnect | TimeoutError | RuntimeError | OSError
        ):
            raise outcome


async def _send(websocket: WebSocket, seat: Seat) -> None:
    while True:
        text = await seat.next()
        async with asyncio.timeout(PATIENCE):
            await websocket.send_text(text)


async def _listen(websocket: WebSocket, board: Board, seat: Seat) -> None:
    while True:
        message = await websocket.receive()
        if message["type"] == "websocket.disconnect":
            return
        text = message.get("text")
        if text == "ping":
            await seat.reply(_text({"type": "pong", "timestamp": now_ms()}))
        elif text == "refresh":
            await seat.reply(await board.fresh())
        else:
            said = "a message that is no text" if text is None else repr(text[:SHOWN])
            await seat.reply(
                _text({"type": "error", "message": f"{said} is not understood; send ping or refresh"})
            )


def _text(answer: dict[str, Any]) -> str:
    return orjson.dumps(answer).decode()
