"""The heap of the C library, for a service that runs for days: memory that is free, given back to the system."""

from __future__ import annotations

import ctypes
import sys
import time
from typing import Any

from valhalla.program.memory import settle

M_ARENA_MAX = -8
"""See mallopt(3)."""
HEAPS = 1

APART = 45.0
"""Seconds between two times that memory is given back, and from the start to the first: the collector walks through all that a process
holds, for a tenth of a second in which nobody gets a page, and a hub's workspaces would each have it do so."""

_given_at = time.monotonic()


def give_back() -> bool:
    """Return free memory to the system, where its C library keeps it otherwise (glibc). False: not here, or not yet.

    What starting up and large imports have used would stay with a service for the days that it runs.
    """
    trim = _of_glibc("malloc_trim")
    global _given_at
    now = time.monotonic()
    if trim is None or now - _given_at < APART:
        return False
    _given_at = now
    settle()
    trim(0)
    return True


def few_heaps() -> bool:
    """Let glibc keep two heaps for all threads instead of one for each: a service's threads wait most of the time, and
    each heap holds on to what is free in it. To be called before threads are started. False: not here."""
    option = _of_glibc("mallopt")
    return option is not None and bool(option(M_ARENA_MAX, HEAPS))


def _of_glibc(name: str) -> Any:
    if sys.platform != "linux":
        return None
    try:
        return getattr(ctypes.CDLL(None), name)
    except (OSError, AttributeError):  # another C library
        return None
