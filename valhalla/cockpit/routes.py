"""Every page and every JSON subject of the cockpit, in the order of the rail. A page is there when it is listed here."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType

from valhalla.cockpit import health, live, metrics
from valhalla.cockpit.api import alerts as api_alerts
from valhalla.cockpit.api import audit as api_audit
from valhalla.cockpit.api import calls as api_calls
from valhalla.cockpit.api import console as api_console
from valhalla.cockpit.api import decisions as api_decisions
from valhalla.cockpit.api import digest as api_digest
from valhalla.cockpit.api import effects as api_effects
from valhalla.cockpit.api import experiments as api_experiments
from valhalla.cockpit.api import frame as api_frame
from valhalla.cockpit.api import imports as api_imports
from valhalla.cockpit.api import jobs as api_jobs
from valhalla.cockpit.api import leads as api_leads
from valhalla.cockpit.api import overview as api_overview
from valhalla.cockpit.api import safety as api_safety
from valhalla.cockpit.api import settings as api_settings
from valhalla.cockpit.pages import (
    alerts,
    audit,
    calls,
    charts,
    chosen,
    decisions,
    digests,
    effects,
    experiments,
    federation,
    imports,
    jobs,
    lead,
    leads,
    memory,
    overview,
    safety,
    samples,
    scripts,
    settings,
    sources,
    switches,
    uploads,
)
from valhalla.cockpit.rail import Entry
from valhalla.cockpit.uploads import LARGEST

PAGES: tuple[ModuleType, ...] = (
    overview,
    calls,
    leads,
    chosen,
    lead,
    samples,
    imports,
    sources,
    uploads,
    decisions,
    effects,
    jobs,
    experiments,
    scripts,
    charts,
    digests,
    alerts,
    safety,
    audit,
    federation,
    memory,
    settings,
    switches,
)
"""Modules with ``router`` and, if they are in the rail, ``ENTRY``."""

RAIL = (
    *("/", "/calls", "/leads", "/imports", "/decisions", "/duplicates", "/effects", "/jobs", "/experiments"),
    *("/alerts", "/safety", "/audit", "/settings", "/federation", "/memory"),
)
"""The order of the rail; what is not named comes last."""

API: tuple[ModuleType, ...] = (
    api_alerts,
    api_audit,
    api_console,
    api_safety,
    api_settings,
    api_frame,
    api_overview,
    api_calls,
    api_leads,
    api_decisions,
    api_digest,
    api_effects,
    api_experiments,
    api_imports,
    api_jobs,
    health,
    live,
    metrics,
)
"""Modules with ``router``: JSON, health, WebSockets."""

LARGE_BODIES: Mapping[str, int] = {uploads.PATH: LARGEST + 2**16}
"""Paths that take more than a form's worth, and how many bytes."""


def entries() -> list[Entry]:
    """The entries of the rail, in its order."""
    found = [module.ENTRY for module in PAGES if hasattr(module, "ENTRY")]
    return sorted(found, key=lambda entry: RAIL.index(entry.path) if entry.path in RAIL else len(RAIL))
