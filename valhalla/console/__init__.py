"""The ARK console: boards of the federation mesh and the memory engine, and the federation service."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from valhalla.console.configuration import Configuration
    from valhalla.console.current import (
        FederationState,
        MemoryState,
        cleanup_data_sources,
        get_console,
        get_federation_source,
        get_memory_source,
        init_data_sources,
        start_dashboard_tasks,
        stop_dashboard_tasks,
    )
    from valhalla.console.federation import FederationDataSource
    from valhalla.console.memory import MemoryDataSource
    from valhalla.console.service import Console

__all__ = [
    "Configuration",
    "Console",
    "FederationDataSource",
    "FederationState",
    "MemoryDataSource",
    "MemoryState",
    "cleanup_data_sources",
    "get_console",
    "get_federation_source",
    "get_memory_source",
    "init_data_sources",
    "start_dashboard_tasks",
    "stop_dashboard_tasks",
]

_MODULES = {
    "Configuration": "configuration",
    "Console": "service",
    "FederationDataSource": "federation",
    "MemoryDataSource": "memory",
}
"""Where a name is that is not in :mod:`valhalla.console.current`."""


def __getattr__(name: str) -> Any:
    """An exported name, when it is first asked for: who only reads whether a board is in use needs no source of it."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES.get(name, 'current')}"), name)
