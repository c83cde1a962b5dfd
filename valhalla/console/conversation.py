"""A WebSocket client that is sent to and listened to at the same time, until it goes or does not read."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import Any

from fastapi import WebSocket, WebSocketDisconnect
from starlette.websockets import WebSocketState


async def converse(
    websocket: WebSocket, sending: Coroutine[Any, Any, None], listening: Coroutine[Any, Any, None]
) -> None:
    """Run both until either ends. ``sending`` raises :class:`TimeoutError` for a client that takes nothing, which is then
    closed; what else goes wrong with a connection is its end, and any other error is raised."""
    tasks = (asyncio.create_task(sending), asyncio.create_task(listening))
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        # Not gather: being cancelled in there, it would pass on the tasks' own cancellation instead of ours, which
        # the one who cancelled us would not recognise.
        await asyncio.wait(tasks)
    for task in tasks:
        outcome = None if task.cancelled() else task.exception()
        if isinstance(outcome, TimeoutError) and websocket.application_state is WebSocketState.CONNECTED:
            with contextlib.suppress(RuntimeError, OSError, WebSocketDisconnect, TimeoutError):
                async with asyncio.timeout(1):
                    await websocket.close(1013, "not reading")
        elif isinstance(outcome, Exception) and not isinstance(
            outcome, WebSocketDisconnect | TimeoutError | RuntimeError | OSError
        ):
            raise outcome
