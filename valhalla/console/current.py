"""The console of this process, for programs that want just one: the functions of the ARK documents."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from valhalla.console import states
from valhalla.console.federation import FederationDataSource
from valhalla.console.memory import MemoryDataSource
from valhalla.console.service import Console

_console = Console()


def get_console() -> Console:
    """The console that the functions of this module work on."""
    return _console


async def init_data_sources(redis_url: str | None = None) -> None:
    """Make the sources and connect. ``redis_url``, else ``REDIS_URL``, else the setting. Called again, the sources are
    made again and those before are closed. A Redis that is down is tried again in the background."""
    await _console.open_sources(redis_url)


def get_federation_source() -> FederationDataSource | None:
    """The federation source; None before :func:`init_data_sources` and after :func:`cleanup_data_sources`."""
    return _console.federation_source


def get_memory_source() -> MemoryDataSource | None:
    """The memory source; None before :func:`init_data_sources` and after :func:`cleanup_data_sources`."""
    return _console.memory_source


async def cleanup_data_sources() -> None:
    """Close both sources."""
    await _console.close_sources()


async def start_dashboard_tasks() -> None:
    """Begin to send frames to the clients of both boards. Called twice, it runs once."""
    _console.start_tasks()


async def stop_dashboard_tasks() -> None:
    """Cancel the tasks and wait until they have ended."""
    await _console.stop_tasks()


class FederationState(states.FederationState):
    """The state of the federation board; without a ``source`` it reads the one of this process."""

    def __init__(
        self, source: Callable[[], FederationDataSource | None] = get_federation_source, **options: Any
    ) -> None:
        super().__init__(source, **options)


class MemoryState(states.MemoryState):
    """The state of the memory board; without a ``source`` it reads the one of this process."""

    def __init__(
        self, source: Callable[[], MemoryDataSource | None] = get_memory_source, **options: Any
    ) -> None:
        super().__init__(source, **options)
