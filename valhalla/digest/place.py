"""Where a day's digest lies."""

from __future__ import annotations

from pathlib import Path

from valhalla.home import Home


def digest_path(home: Home, date: str, ending: str = "html") -> Path:
    """The digest of a local date (``2026-11-20``), as page or as text."""
    return home.logs / f"digest-{date}.{ending}"
