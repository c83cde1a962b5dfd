"""The console of a cockpit: what its boards show, and the figures of them that are kept. Most people have no boards."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from fastapi.requests import HTTPConnection
from starlette.concurrency import run_in_threadpool

from valhalla.cockpit.state import Cockpit, cockpit_of
from valhalla.console import configuration
from valhalla.program.later import later

if TYPE_CHECKING:
    from valhalla.console import history, service
else:
    history = later("valhalla.console.history")
    service = later("valhalla.console.service")

LOOK_EVERY = 60.0
"""Seconds between two looks whether a board is in use."""


def of(cockpit: Cockpit) -> service.Console:
    """The console, made when it is asked for first. On the event loop."""
    if cockpit.boards.console is None:
        cockpit.boards.console = service.Console(
            lambda: configuration.read(cockpit.database),
            None
            if cockpit.read_only
            else lambda board, frame: history.remember(cockpit.database, board, frame),
        )
    return cockpit.boards.console


def console_of(connection: HTTPConnection) -> service.Console:
    """The console of the cockpit that a request or WebSocket came to."""
    return of(cockpit_of(connection))


@asynccontextmanager
async def kept(cockpit: Cockpit) -> AsyncIterator[None]:
    """Have figures kept of the boards in use, and stop the console in good order at the end."""
    looking = asyncio.create_task(_look(cockpit), name="cockpit: boards in use")
    try:
        yield
    finally:
        looking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await looking
        console, cockpit.boards.console = cockpit.boards.console, None
        if console is not None:
            await console.__aexit__(None, None, None)


async def _look(cockpit: Cockpit) -> None:
    """Begin to keep figures as soon as a board is in use."""
    while True:
        await asyncio.sleep(LOOK_EVERY)
        used = await run_in_threadpool(configuration.read, cockpit.database)
        if used.federation_in_use or used.memory_in_use:
            of(cockpit).begin_remembering()
            return
