"""Noon for a program that runs elsewhere: at night nobody may be called, so nothing could be measured or shown."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from bootstrap import ROOT

CLOCK = """
import db.clock, time
began = time.monotonic()
db.clock.now = lambda: {at} + round((time.monotonic() - began) * 1_000_000)
"""
"""Begins at a given time and goes on from there."""


def at_noon(folder: Path) -> dict[str, str]:
    """The environment of a program whose clock begins at noon in Chicago on the next weekday; what does it is put into ``folder``."""
    at = datetime.now(ZoneInfo("America/Chicago")).replace(hour=12, minute=0, second=0, microsecond=0)
    at += timedelta(days=1)
    while at.weekday() > 4:
        at += timedelta(days=1)
    clock = CLOCK.format(at=int(at.timestamp()) * 1_000_000)
    (folder / "sitecustomize.py").write_text(clock, encoding="utf-8")
    return {"PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"}
