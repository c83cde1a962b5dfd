"""The console's boards as WebSockets and as JSON. Sources are reached for once somebody looks, and not before."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi.requests import HTTPConnection

from valhalla.cockpit.state import Cockpit, cockpit_of
from valhalla.console import Console, configuration, sockets


def console_of(connection: HTTPConnection) -> Console:
    """The console of the cockpit that a request or WebSocket came to."""
    found = cockpit_of(connection).console
    assert found is not None, "the console is made when the server starts"
    return found


router = sockets.router(console_of)


@asynccontextmanager
async def while_serving(cockpit: Cockpit) -> AsyncIterator[None]:
    """Keep a console for the cockpit; stopped in good order with it."""
    cockpit.console = Console(lambda: configuration.read(cockpit.database))
    try:
        yield
    finally:
        await cockpit.console.__aexit__(None, None, None)
        cockpit.console = None
