"""The rail: an entry for each page that wants one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
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
    """The heading it stands under; :func:`valhalla.cockpit.routes.entries` sets it."""
    shown: Callable[[Mapping[str, Any]], bool] = lambda frame: True
    """Whether it is in the rail, by what :func:`valhalla.cockpit.frame.gather` found. Its address always works."""
