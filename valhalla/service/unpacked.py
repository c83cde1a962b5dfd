"""The folder that the one-file executable is unpacked into, and the loader that made it.

A one-file executable is two processes: the loader, which unpacks and waits, and this one. The loader tidies up when this
one has ended. So two things are ours: to end when the loader was killed (nobody would stop us otherwise, and the cockpit
would go on listening), and to sweep away folders whose loader could not tidy up.
"""

from __future__ import annotations

import _thread
import atexit
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from db.filelock import FileLock
from valhalla.program.executable import unpacked_folder
from valhalla.service import windows

MARK = "in-use"
"""A file in the folder, locked as long as we run: the lock goes with the process, however it ends."""

UNPACKING_SECONDS = 600.0
"""A younger folder without the mark may belong to a program that is just being unpacked."""

PATIENCE_SECONDS = 6.0
"""How long an orderly stop may take after the loader has gone."""

_held: list[object] = []


def hold() -> None:
    """Mark our folder as used and end when the loader does. Without a one-file executable nothing is done."""
    folder = unpacked_folder()
    if folder is None:
        return
    mark = FileLock(folder / MARK)
    if mark.try_acquire():
        _held.append(mark)
        watch_parent(lambda: _end(folder))


def sweep_soon() -> None:
    """Remove what killed programs left, in a thread of its own: it can be many files."""
    folder = unpacked_folder()
    if (
        folder is not None and sys.platform == "win32"
    ):  # elsewhere the folder is the system's for temporary files
        threading.Thread(target=sweep, args=(folder.parent, folder), name="sweep", daemon=True).start()


def sweep(place: Path, ours: Path, now: float | None = None) -> list[Path]:
    """Remove the unpacked folders in ``place`` that nobody uses; which ones."""
    gone = []
    for folder in sorted(place.glob("*_MEI*")):
        if folder != ours and folder.is_dir() and _is_left_over(folder, time.time() if now is None else now):
            # The rename fails while a file inside is open, so that nothing is ever half removed.
            dying = folder if folder.name.startswith("old") else folder.with_name(f"old{folder.name}")
            try:
                folder.rename(dying)
            except OSError:
                continue
            shutil.rmtree(dying, ignore_errors=True)
            gone.append(folder)
    return gone


def _is_left_over(folder: Path, now: float) -> bool:
    mark = folder / MARK
    if folder.name.startswith("old"):
        return True
    try:
        if not mark.exists():
            return now - folder.stat().st_mtime > UNPACKING_SECONDS
        lock = FileLock(mark)
        try:
            return lock.try_acquire()
        finally:
            lock.close()
    except OSError:
        return False


def watch_parent(ended: Callable[[], object]) -> None:
    """Call ``ended`` in a thread when the process that started this one has ended."""
    parent = os.getppid()
    threading.Thread(target=_wait_for, args=(parent, ended), name="parent", daemon=True).start()


def _wait_for(parent: int, ended: Callable[[], object]) -> None:
    if sys.platform == "win32":
        windows.wait_for_end(parent)
    else:
        while os.getppid() == parent:
            time.sleep(0.5)
    ended()


def _end(folder: Path) -> None:
    """Stop as Ctrl+C would; whatever does not listen is ended. Nobody is left to remove the folder, so we do, where a
    program can be removed while it runs."""
    threading.Timer(PATIENCE_SECONDS, os._exit, (1,)).start()
    if sys.platform != "win32":
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
    _thread.interrupt_main(signal.SIGINT)
