"""Every subject of the cockpit: its pages, JSON and WebSockets. One is there when it is listed here."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import replace
from types import ModuleType
from typing import NamedTuple

from starlette.routing import BaseRoute

from valhalla.cockpit import health, live, metrics
from valhalla.cockpit.pages import (
    alerts,
    audit,
    boards,
    calendar,
    calls,
    charts,
    chosen,
    deals,
    decisions,
    digests,
    effects,
    experiments,
    filters,
    hub,
    imports,
    jobs,
    lead,
    leads,
    lists_for,
    markets,
    overview,
    safety,
    samples,
    scripts,
    settings,
    sign_in,
    sources,
    stack,
    switches,
    today,
    uploads,
    week,
    work,
)
from valhalla.cockpit.rail import Entry
from valhalla.cockpit.uploads import LARGEST

MODULES: tuple[ModuleType, ...] = (
    filters,
    today,
    overview,
    work,
    calls,
    leads,
    chosen,
    lists_for,
    lead,
    samples,
    sources,
    uploads,
    stack,
    imports,
    deals,
    markets,
    calendar,
    week,
    decisions,
    effects,
    jobs,
    scripts,
    experiments,
    charts,
    digests,
    alerts,
    safety,
    audit,
    settings,
    boards,
    switches,
    sign_in,
    health,
    live,
    metrics,
)
"""Modules with ``router`` and, if they are in the rail, ``ENTRIES``. The first route that fits an address answers, so a module
with ``/imports/sources`` stands before the one with ``/imports/{number}``."""

DAY = ("/", "/leads", "/imports", "/deals", "/calendar", "/week")
"""The first part of the rail, in order: what a day of calling needs."""

SYSTEM = (
    *(
        "/overview",
        "/digest",
        "/decisions",
        "/effects",
        "/experiments",
        "/experiments/scripts",
        "/alerts",
        "/jobs",
        "/safety",
        "/audit",
    ),
    *("/federation", "/memory", "/boards", "/settings"),
)
"""The second part, below the heading "System". A page that is named in neither comes last."""

LARGE_BODIES: Mapping[str, int] = {uploads.PATH: LARGEST + 2**16}
"""Paths that take more than a form's worth, and how many bytes."""


class Pages(NamedTuple):
    """What an app serves: modules as in :data:`MODULES`, the entries of its rail, and the paths it has of a module (None: all)."""

    modules: Sequence[ModuleType]
    entries: Sequence[Entry]
    only: Mapping[ModuleType, Container[str]]

    @property
    def routes(self) -> list[BaseRoute]:
        """As they are, not by include_router, which works out each of them once more."""
        return [
            route
            for module in self.modules
            for route in module.router.routes
            if module not in self.only or getattr(route, "path", "") in self.only[module]
        ]


def workspace() -> Pages:
    """The pages of a workspace."""
    return Pages(MODULES, entries(), {})


def hub_pages() -> Pages:
    """The pages of a hub."""
    only = {switches: ("/theme", "/sign-out", "/api/state")}
    return Pages((hub, switches, sign_in, health, live), hub.ENTRIES, only)


def entries() -> list[Entry]:
    """The entries of the rail, in its order."""
    order = (*DAY, *SYSTEM)
    found = [
        entry if entry.path in DAY else replace(entry, group="System")
        for module in MODULES
        for entry in getattr(module, "ENTRIES", ())
    ]
    return sorted(found, key=lambda entry: order.index(entry.path) if entry.path in order else len(order))
