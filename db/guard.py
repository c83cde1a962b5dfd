"""Refuses, in this process, whatever would break SQLite's locks on a file that is open.

POSIX drops all locks that a process has on a file as soon as the process closes *any* descriptor of it. So neither a
second copy of SQLite (the standard library's ``sqlite3``) nor a plain ``open`` may touch the file while a connection
lives: afterwards another process can overwrite or unlink what is still in use.
"""

from __future__ import annotations

import os
import stat
import sys
import threading
from collections import Counter
from pathlib import Path
from urllib.parse import unquote

_live: Counter[str] = Counter()
_names: frozenset[str] = frozenset()
_inodes: frozenset[tuple[int, int]] = frozenset()
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
    global _names, _inodes
    _names = frozenset(os.path.basename(path) for path in _live)
    _inodes = frozenset(inode for inode in map(_inode, _live) if inode)


def _hook(event: str, args: tuple[object, ...]) -> None:
    if event not in ("open", "sqlite3.connect") or not _names:
        return
    target = args[0]
    if not isinstance(target, str | bytes | os.PathLike):
        return  # a descriptor that is open already
    text = os.fsdecode(target)
    if event == "sqlite3.connect" and text.startswith("file:"):
        text = _path_of_uri(text)
    if _is_live(text):
        raise LiveFileTouched(f"{text} is open as the live database; only its own connection may open it")


def _is_live(path: str) -> bool:
    if os.path.basename(_without_suffix(path)) not in _names:
        # Another name can still lead to the file: a symbolic link to any of the three, a hard link to the first.
        try:
            status = os.lstat(path)
        except (OSError, ValueError):
            return False
        if not stat.S_ISLNK(status.st_mode):
            return (status.st_dev, status.st_ino) in _inodes
    return _without_suffix(os.path.realpath(path)) in _live


def _without_suffix(path: str) -> str:
    return path.removesuffix("-wal").removesuffix("-shm")


def _inode(path: str) -> tuple[int, int] | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _path_of_uri(uri: str) -> str:
    # https://sqlite.org/uri.html: file:path, file:///path, file://localhost/path, then ?query and #fragment
    path = uri.removeprefix("file:").partition("#")[0].partition("?")[0]
    if path.startswith("//"):
        path = "/" + path[2:].partition("/")[2]
    if os.name == "nt":
        path = path.lstrip("/")
    return unquote(path)
