"""The garbage collector, kept out of bulk work; and memory that is free, given back to the system."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

M_ARENA_MAX = -8
"""See mallopt(3)."""
HEAPS = 1


def collect_seldom() -> None:
    """For a command. Loading makes a hundred thousand objects that stay: by the usual thresholds the collector would walk
    through them again and again, which is a tenth of the time to start."""
    gc.set_threshold(200_000, 20, 20)


def collect_regularly() -> None:
    """For a service, once it has loaded: what its days leave behind is not to pile up."""
    gc.set_threshold(20_000, 20, 20)


@contextmanager
def collector_paused() -> Iterator[None]:
    """Keep the collector from walking through tens of thousands of new tuples again and again.

    Rows make no cycles; without this, collecting them takes more time than parsing them.
    """
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def collect_young() -> None:
    """While the collector is paused: collect what was made since the last time. Cheap once the rows are gone."""
    gc.collect(0)


def give_back() -> bool:
    """Return free memory to the system, where its C library keeps it otherwise (glibc). Some milliseconds. False: not here.

    What starting up and large imports have used would stay with a service for the days that it runs.
    """
    trim = _of_glibc("malloc_trim")
    if trim is None:
        return False
    gc.collect()
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
    import ctypes

    try:
        return getattr(ctypes.CDLL(None), name)
    except (OSError, AttributeError):  # another C library
        return None
