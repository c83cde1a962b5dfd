"""The garbage collector, kept out of bulk work."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


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
