"""An SQLite database with fair write turns, migrations, an audit chain, copies and verification.

Everything that reads or writes ``valhalla.db`` goes through :class:`db.Database`; nothing else in the program opens
the file. This package knows SQLite and the disk, and nothing of leads or jobs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from db.clock import now

if TYPE_CHECKING:
    from db.connection import Database
    from db.errors import DatabaseError

__all__ = ["Database", "DatabaseError", "now"]


def __getattr__(name: str) -> Any:
    """``Database`` and ``DatabaseError``, when they are asked for.

    SQLite and peewee are half of what the second process of an import would load, which only hashes rows.
    """
    if name == "Database":
        from db.connection import Database

        return Database
    if name == "DatabaseError":
        from db.errors import DatabaseError

        return DatabaseError
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
