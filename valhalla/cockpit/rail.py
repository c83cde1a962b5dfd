"""The rail: an entry for each page that wants one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True)
class Entry:
    """One line of the rail."""

    title: str
    path: str
    icon: str
    """A symbol of static/icons.svg."""
    badge: str | None = None
    """Which count of the frame stands next to it: a key of ``frame["counts"]``."""
    first: bool = False
    """In the bottom bar of a small screen, where there is room for four."""
    group: str | None = None
    """The heading it stands under."""
    shown: Callable[[Mapping[str, Any]], bool] = lambda frame: True
    """Whether it is in the rail, by what :func:`valhalla.cockpit.frame.gather` found. Its address always works."""


DAY = (
    Entry("Today", "/", "calls", first=True),
    Entry("Leads", "/leads", "leads", first=True),
    Entry("Lists", "/imports", "imports", first=True),
    Entry("Deals", "/deals", "contract"),
    Entry("Calendar", "/calendar", "calendar"),
    Entry("This week", "/week", "chart"),
)
"""The first part: what a day of calling needs."""

SYSTEM = (
    Entry("Overview", "/overview", "overview"),
    Entry("Digest", "/digest", "mail"),
    Entry("Decisions", "/decisions", "decisions", badge="decisions"),
    Entry("Going out", "/effects", "effects", badge="outgoing"),
    Entry("Experiments", "/experiments", "experiments"),
    Entry("Scripts", "/experiments/scripts", "file"),
    Entry("Alerts", "/alerts", "alerts", badge="alerts"),
    Entry("Jobs", "/jobs", "jobs", badge="dead"),
    Entry("Safety", "/safety", "safety"),
    Entry("Audit", "/audit", "audit"),
    Entry(
        "Federation",
        "/federation",
        "federation",
        shown=lambda frame: bool(frame["boards"]["federation"]),
    ),
    Entry("Memory", "/memory", "memory", shown=lambda frame: bool(frame["boards"]["memory"])),
    Entry("Board sources", "/boards", "info", shown=lambda frame: any(frame["boards"].values())),
    Entry("Settings", "/settings", "settings"),
    Entry("Filters", "/filters", "leads", shown=lambda frame: False),
    Entry("Call list", "/calls", "calls", shown=lambda frame: False),
)
"""The second part, below the heading "System"."""

WORKSPACE = (*DAY, *(replace(entry, group="System") for entry in SYSTEM))
"""The rail of a workspace."""

HUB = (
    Entry("Today", "/", "calls", first=True),
    Entry("Leads", "/leads", "leads", first=True),
    Entry("This week", "/week", "chart", first=True),
    Entry("Workspaces", "/workspaces", "overview", first=True),
)
"""The rail of a hub."""
