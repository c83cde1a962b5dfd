"""What the program's own connections may not do, whatever statement reaches them: touch the chain other than by adding to it.

Triggers in the file refuse the same to every other program that respects them; a trigger can be dropped, though.
"""

from __future__ import annotations

import apsw

from db.evidence import CHAIN

_DROPS = frozenset(
    {apsw.SQLITE_DROP_TABLE, apsw.SQLITE_DROP_TRIGGER, apsw.SQLITE_DROP_INDEX, apsw.SQLITE_ALTER_TABLE}
)
_WATCHED = _DROPS | {apsw.SQLITE_UPDATE, apsw.SQLITE_DELETE, apsw.SQLITE_PRAGMA}
_MAY_CHANGE = frozenset({("witness", "salt"), ("audit_head", "entries"), ("audit_head", "hash")})
"""A salt is taken away with the data it hid; the head moves, one entry at a time, which a trigger holds it to."""


def authorize(
    operation: int, one: str | None, two: str | None, database: str | None, source: str | None
) -> int:
    """SQLite asks while it prepares a statement (https://sqlite.org/c3ref/set_authorizer.html)."""
    if operation not in _WATCHED:
        return apsw.SQLITE_OK
    if operation == apsw.SQLITE_UPDATE:
        refused = one in CHAIN and (one, two) not in _MAY_CHANGE
    elif operation == apsw.SQLITE_PRAGMA:
        refused = one == "writable_schema" and two is not None
    elif operation == apsw.SQLITE_DELETE:
        refused = one in CHAIN
    else:
        refused = one in CHAIN or two in CHAIN
    return apsw.SQLITE_DENY if refused else apsw.SQLITE_OK
