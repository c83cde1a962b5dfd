"""Importing a library without what it would load in addition to itself."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

DRIVERS = ("psycopg2cffi", "psycopg2", "psycopg", "pymysql", "MySQLdb", "sqlite3")
"""Drivers of other servers, and Python's own of SQLite. peewee and huey load whichever they find; that of PostgreSQL is seventy
modules and eight megabytes, which a program that works on one SQLite file would carry with every command. The file is opened
through APSW only, and a second SQLite in the process would be one too many."""


@contextmanager
def hidden(*names: str) -> Iterator[None]:
    """Inside the block modules of these names seem not to be installed, unless they are loaded already."""
    mine = [name for name in names if name not in sys.modules]
    for name in mine:
        sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        for name in mine:
            if sys.modules.get(name, name) is None:
                del sys.modules[name]
