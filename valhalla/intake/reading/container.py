"""Files that hold several lists: which list of a file a path means.

``/lists/october.zip » probate.csv`` is the list ``probate.csv`` in that archive, and ``/lists/county.xlsx » North`` the sheet
``North``. The first list of a file goes by the file's own path.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

MARK = " » "


class Contents(NamedTuple):
    """What a file holds."""

    lists: list[str]
    """The names of its lists; empty for a file that is a list itself."""
    passed: list[tuple[str, str]]
    """What else it holds, and why that is not a list."""


def split(path: str | os.PathLike[str]) -> tuple[Path, str | None]:
    """The file on the disk, and which list in it is meant; None: the file itself, or its first list."""
    text = os.fspath(path)
    head, mark, name = text.partition(MARK)
    if not mark or os.path.lexists(text):
        return Path(text), None
    return Path(head), name


def on_disk(path: str | os.PathLike[str]) -> Path:
    """The file on the disk that holds a list."""
    return split(path)[0]


def joined(path: str | os.PathLike[str], name: str) -> str:
    """The path of a list in a file."""
    return f"{os.fspath(path)}{MARK}{name}"
