"""What the boards' pages show at first; after that the frames come by WebSocket."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from anyio import from_thread

from valhalla.cockpit.state import Cockpit
from valhalla.console import Console
from valhalla.console.sockets import federation_board, memory_board


def federation(cockpit: Cockpit) -> dict[str, Any]:
    """A frame of the federation board. Called in a reading thread."""
    return _asked(cockpit, federation_board)


def memory(cockpit: Cockpit) -> dict[str, Any]:
    """A frame of the memory board with its history and quarantine. Called in a reading thread."""
    return _asked(cockpit, memory_board)


def _asked(cockpit: Cockpit, board: Callable[[Console], Awaitable[dict[str, Any]]]) -> dict[str, Any]:
    async def ask() -> dict[str, Any]:
        assert cockpit.console is not None, "the console is made when the server starts"
        await cockpit.console.ensure()
        return await board(cockpit.console)

    return from_thread.run(ask)
