"""Starting the second process of an import; early, if it is known that it will be needed.

Loading the program takes the second process about as long as this one, so the two do it side by side. What the process
does is described in ``read_ahead``; this module loads next to nothing.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from db import second
from valhalla.program import executable
from valhalla.program.later import later

if TYPE_CHECKING:
    import apsw
else:
    apsw = later("apsw")

WORTH_BYTES = 2 * 2**20
"""Below this starting a process takes longer than it saves."""

WORKBOOKS = (".xlsx", ".xlsm", ".xltx")
"""Anyone who reads one holds its words in memory, so only one process does."""

PIPE_BYTES = 2**20
"""A whole answer fits into the pipe: the second process need not wait for this one to take each 64 KiB."""

SIZES = "SELECT size FROM file WHERE error_code IS NULL"
"""Here, as this module loads nothing."""

_spare: list[subprocess.Popen[bytes]] = []


def prepare(paths: Iterable[str], database: Path) -> None:
    """Start a process now when one of the files is worth it: large, not older than what was last written to ``database``, because
    such a file was probably read then, and not as long as a list that was read, because such a one was probably saved again as it
    was. The import of any other starts its own. The caller also calls :func:`discard` at the end."""
    written = max(map(changed_at, (database, database.with_name(f"{database.name}-wal"))))
    large = [each for each in paths if _is_large(each) and changed_at(each) >= written]
    known = _sizes_read(database) if large and written else frozenset()
    path = next((each for each in large if os.stat(each).st_size not in known), None)
    if not _spare and (os.cpu_count() or 1) > 1 and path is not None:
        try:
            _spare.append(_spawn(path))
        except OSError:
            pass  # the import finds that out for itself


def start() -> subprocess.Popen[bytes]:
    """The process that was prepared, else a new one. Raises OSError when there can be none."""
    return _spare.pop() if _spare else _spawn()


def discard() -> None:
    """End a process that was prepared and not needed."""
    while _spare:
        process = _spare.pop()
        process.kill()
        process.communicate()


def _spawn(path: str | None = None) -> subprocess.Popen[bytes]:
    words = [os.path.abspath(path)] if path is not None else []
    command = executable.helper(executable.READ_AHEAD)
    return second.begin([*command, *words], PIPE_BYTES)


def changed_at(path: str | Path) -> float:
    """When a file, or what is known about it, was last changed, in seconds; 0: it is not there."""
    try:
        found = os.stat(path)
    except OSError:
        return 0
    return max(found.st_mtime, found.st_ctime)


def _sizes_read(database: Path) -> frozenset[int]:
    """The sizes of the lists that were read, as far as the database itself says it without its log: nothing is locked for a guess."""
    try:
        address = f"{database.absolute().as_uri()}?immutable=1"
        connection = apsw.Connection(address, flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI)
        try:
            return frozenset(size for (size,) in connection.execute(SIZES))
        finally:
            connection.close()
    except apsw.Error:
        return frozenset()


def _is_large(path: str) -> bool:
    try:
        return not path.lower().endswith(WORKBOOKS) and os.stat(path).st_size >= WORTH_BYTES
    except OSError:
        return False
