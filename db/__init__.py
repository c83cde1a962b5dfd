"""An SQLite database with fair write turns, migrations, an audit chain, copies and verification.

Everything that reads or writes the database goes through :class:`db.Database`; nothing else in a program opens the file.
This package knows SQLite and the disk. Which tables a database has is handed in: see :class:`db.schema.Schema`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from db.clock import now

if TYPE_CHECKING:
    from db.database import Database
    from db.errors import DatabaseError

__all__ = ["Database", "DatabaseError", "now"]


def __getattr__(name: str) -> Any:
    """``Database`` and ``DatabaseError``, when they are asked for.

    SQLite and peewee are half of what the second process of an import would load, which only hashes rows.
    """
    if name == "Database":
        from db.database import Database

        return Database
    if name == "DatabaseError":
        from db.errors import DatabaseError

        return DatabaseError
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
