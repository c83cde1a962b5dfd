"""Reads someone else's file in a thread of its own, and gives it up when it makes no progress.

A thread cannot be killed. One that is given up keeps its core until it ends, but no transaction, no worker and no other
list waits for it, and the file is not read again until it changes.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Self, TypeVar

from valhalla.intake.reading import SourceError

NAP = 1.0
"""Seconds between two looks at a reading that takes long."""
PATIENCE = 60
"""Looks in a row without progress after which it is given up. A computer that slept in between has looked once."""

Result = TypeVar("Result")


class Patience:
    """Counts the looks at a reading. ``waiting`` is called at each: what must not be held meanwhile is let go there."""

    def __init__(self, path: Path, waiting: Callable[[], object] = lambda: None) -> None:
        self._path = path
        self._waiting = waiting
        self._beats = self._seen = 0
        self._silent = 0

    def progress(self) -> None:
        """The reading got further. From any thread."""
        self._beats += 1

    def look(self) -> None:
        """Call after each :data:`NAP`. Raises SourceError when there was no progress for too long."""
        self._waiting()
        self._silent = self._silent + 1 if self._beats == self._seen else 0
        self._seen = self._beats
        if self._silent >= PATIENCE:
            raise SourceError(
                "NO_PROGRESS",
                f"Reading {self._path} made no progress for a minute and was given up; save the list as CSV and import that.",
            )


class Watchdog:
    """A thread that does one call after another while its owner waits. Use it as a context manager."""

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._calls: queue.SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def call(self, function: Callable[[], Result]) -> Result:
        """The function's result, or what it raises. Raises SourceError as :meth:`Patience.look` does."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="reading", daemon=True)
            self._thread.start()
        future: Future[Result] = Future()
        self._patience.progress()
        self._calls.put((future, function))
        while True:
            try:
                return future.result(NAP)
            except TimeoutError:
                if future.done():
                    return future.result()  # the function's own
            self._patience.look()

    def _run(self) -> None:
        while (call := self._calls.get()) is not None:
            future, function = call
            try:
                future.set_result(function())
            except BaseException as error:
                future.set_exception(error)
            del call, future, function  # a chunk is large, and its owner is done with it first

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._calls.put(None)
