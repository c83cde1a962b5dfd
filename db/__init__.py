"""The one file: opening it, its schema, its locks, its audit chain, copying and checking it.

Everything that reads or writes ``valhalla.db`` goes through :class:`db.Database`; nothing else in the program opens
the file. This package knows SQLite and the disk, and nothing of leads or jobs.
"""

from __future__ import annotations

from db.clock import now
from db.connection import Database
from db.errors import DatabaseError

__all__ = ["Database", "DatabaseError", "now"]
