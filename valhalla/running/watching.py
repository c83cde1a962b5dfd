"""Watching folders, so that a new list is read at once and not only in the next cycle."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

from valhalla.importing.sources import SUFFIXES

log = logging.getLogger("valhalla.watching")

QUIET_MS = 200
"""A burst of changes is reported when nothing happened for so long."""

POLL_MS = 1_000
"""Between two looks where the system reports no changes, such as on network shares."""


def folders_of(sources: Iterable[Path], patterns: Iterable[str]) -> list[Path]:
    """The folders beside the inbox in which lists may appear, each once."""
    found = []
    for path in sources:
        found.append(path if path.is_dir() else path.parent)
    for pattern in patterns:
        path = Path(pattern)
        while any(mark in path.name for mark in "*?["):
            path = path.parent
        found.append(path if path.is_dir() else path.parent)
    return [folder for folder in dict.fromkeys(found) if folder.is_dir()]


class Watcher:
    """Calls ``wake`` from a thread of its own whenever a list was made or changed in one of the folders.

    ``deep``: also in the folders inside them. ``polling``: look again and again, without asking the system.
    """

    def __init__(
        self, folders: list[Path], wake: Callable[[], object], *, deep: bool = False, polling: bool = False
    ) -> None:
        self.folders = folders
        self.wake = wake
        self.deep = deep
        self.polling = polling
        self.ready = threading.Event()
        """Set when the watch stands."""
        self._stop = threading.Event()
        self._before = self._lists()
        self._thread = threading.Thread(target=self._run, name="watcher", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End; returns within a quarter of a second."""
        self._stop.set()
        self._thread.join(timeout=2.0)

    def _run(self) -> None:
        for polling in (self.polling, True):
            try:
                self._watch(polling)
                return
            except Exception as error:
                # No more watches left, a file system that has none: looking again and again always works.
                log.warning("folders cannot be watched (%s); looking at them instead", type(error).__name__)
                if polling:
                    self.ready.set()
                    return

    def _watch(self, polling: bool) -> None:
        from watchfiles import watch

        changes = watch(
            *self.folders,
            watch_filter=_is_list,
            debounce=1_600,
            step=QUIET_MS,
            rust_timeout=250,
            yield_on_timeout=True,
            stop_event=self._stop,
            force_polling=polling or None,
            poll_delay_ms=POLL_MS,
            recursive=self.deep,
            raise_interrupt=False,
            ignore_permission_denied=True,
        )
        for seen in changes:
            missed = False
            if not self.ready.is_set():
                # The watch stands from here on; what came while it was set up was reported by nobody.
                missed = self._lists() != self._before
                self.ready.set()
            if seen or missed:
                self.wake()

    def _lists(self) -> set[tuple[str, int]]:
        found = set()
        for folder in self.folders:
            for path in folder.rglob("*") if self.deep else folder.glob("*"):
                if path.name.lower().endswith(SUFFIXES):
                    with contextlib.suppress(OSError):
                        found.add((str(path), path.stat().st_mtime_ns))
        return found


def _is_list(change: object, path: str) -> bool:
    from watchfiles import Change

    name = Path(path).name.lower()
    return change != Change.deleted and name.endswith(SUFFIXES) and not name.startswith((".", "~$"))
