"""Refuses, in this process, whatever would break SQLite's locks on a file that is open.

POSIX drops all locks that a process has on a file as soon as the process closes *any* descriptor of it. So neither a
second copy of SQLite (the standard library's ``sqlite3``) nor a plain ``open`` may touch the file while a connection
lives: afterwards another process can overwrite or unlink what is still in use.
"""

from __future__ import annotations

import os
import sys
import threading
from collections import Counter
from pathlib import Path

_live: Counter[str] = Counter()
_names: frozenset[str] = frozenset()
_mutex = threading.Lock()
_installed = False


class LiveFileTouched(RuntimeError):
    """Code in this process tried to open the live database other than through its connection."""


def watch(path: Path) -> None:
    """Refuse foreign access to ``path`` and its -wal and -shm from now on."""
    global _installed
    with _mutex:
        _live[str(path)] += 1
        _refresh()
        if not _installed:
            sys.addaudithook(_hook)
            _installed = True


def unwatch(path: Path) -> None:
    """Undo one :func:`watch`."""
    with _mutex:
        _live[str(path)] -= 1
        if _live[str(path)] <= 0:
            del _live[str(path)]
        _refresh()


def _refresh() -> None:
    global _names
    _names = frozenset(os.path.basename(path) for path in _live)


def _hook(event: str, args: tuple[object, ...]) -> None:
    if event not in ("open", "sqlite3.connect") or not _names:
        return
    target = args[0]
    if isinstance(target, bytes):
        target = os.fsdecode(target)
    if not isinstance(target, str | os.PathLike):
        return
    text = os.fspath(target)
    if event == "sqlite3.connect":
        text = str(text).removeprefix("file:").partition("?")[0]
    name = os.path.basename(text)
    if name.removesuffix("-wal").removesuffix("-shm") not in _names:
        return
    real = os.path.realpath(text)
    if real.removesuffix("-wal").removesuffix("-shm") in _live:
        raise LiveFileTouched(f"{real} is open as the live database; only its own connection may open it")
