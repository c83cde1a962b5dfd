"""Watching folders, so that a new list is read at once and not only in the next cycle."""

from __future__ import annotations

import contextlib
import fnmatch
import logging
import os
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

from valhalla.intake.sources import SUFFIXES

log = logging.getLogger("valhalla.watching")

QUIET_MS = 200
"""A burst of changes is reported when nothing happened for so long."""

POLL_MS = 1_000
"""Between two looks where the system reports no changes, such as on network shares."""


class Places:
    """Where lists may appear in addition to the inbox: every list of a folder, but of other folders only the file that a source names
    or those that its pattern fits."""

    def __init__(self, sources: Iterable[Path], patterns: Iterable[str]) -> None:
        folders: list[Path] = []
        self._whole: set[str] = set()
        self._named: set[str] = set()
        self._patterns: list[str] = []
        for path in (*sources, *map(Path, patterns)):
            folder = path
            while any(mark in folder.name for mark in "*?["):
                folder = folder.parent
            if folder is not path and not path.exists():
                self._patterns.append(os.path.abspath(path))
            elif path.is_dir():
                self._whole.add(_folder(path))
            else:
                self._named.add(_place(path))
            folders.append(folder if folder.is_dir() else folder.parent)
        self.folders = [folder for folder in dict.fromkeys(folders) if folder.is_dir()]
        """Each once."""

    def hold(self, path: Path) -> bool:
        """Whether a change of this file is worth a cycle. A file that is named is a list whatever it is called."""
        if _place(path) in self._named:
            return True
        if not is_list(path):
            return False
        return _folder(path.parent) in self._whole or any(
            fnmatch.fnmatch(os.path.abspath(path), pattern) for pattern in self._patterns
        )


def is_list(path: Path) -> bool:
    """Whether a file in a folder of lists is one, by its name."""
    name = path.name.lower()
    return name.endswith(SUFFIXES) and not name.startswith((".", "~$"))


def _place(path: Path) -> str:
    """The same for every way to say where something is. A file may be a link to another one and stays itself."""
    return os.path.join(_folder(path.parent), os.path.normcase(path.name))


def _folder(path: Path) -> str:
    return os.path.normcase(os.path.realpath(path))


class Watcher:
    """Calls ``wake`` from a thread of its own whenever a file was made, changed or put in place of another in one of the
    folders.

    ``which``: the files that count. ``deep``: also in the folders inside them. ``polling``: look again and again, without asking the system.
    """

    def __init__(
        self,
        folders: list[Path],
        wake: Callable[[], object],
        *,
        which: Callable[[Path], bool] = is_list,
        deep: bool = False,
        polling: bool = False,
    ) -> None:
        self.folders = folders
        self.wake = wake
        self.which = which
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
            watch_filter=self._counts,
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

    def _counts(self, change: object, path: str) -> bool:
        from watchfiles import Change

        return change != Change.deleted and self.which(Path(path))

    def _lists(self) -> set[tuple[str, int]]:
        found = set()
        for folder in self.folders:
            for path in folder.rglob("*") if self.deep else folder.glob("*"):
                if self.which(path):
                    with contextlib.suppress(OSError):
                        found.add((str(path), path.stat().st_mtime_ns))
        return found
