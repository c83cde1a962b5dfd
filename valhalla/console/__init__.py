"""The ARK console: boards of the federation mesh and the memory engine, and the federation service."""

from __future__ import annotations

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
