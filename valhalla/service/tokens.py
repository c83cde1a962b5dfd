"""Bearer tokens: a program's own way into the cockpit, until somebody revokes it.

A token is told once, when it is made; the file keeps its SHA-256. It needs no stretching: a token is 192 random bits.
"""

from __future__ import annotations

import re
from hashlib import sha256
from secrets import token_urlsafe
from typing import NamedTuple

from db import Database, audit
from valhalla.program.errors import NotFound, UsageError
from valhalla.service import sql

SCOPES = ("read", "write")

PREFIX = "valhalla_"
"""By which scanners for secrets know one."""

TOKEN_BYTES = 24
"""192 bits."""

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")


class Token(NamedTuple):
    """A token that holds; ``created_at`` in UTC microseconds."""

    id: int
    name: str
    scope: str
    created_at: int
    created_by: str


def add(database: Database, name: str, scope: str, actor: str = "operator") -> str:
    """Make a token and return it; it cannot be shown again. Audited and durable.

    Raises :class:`UsageError` for a name that is no name or that another token has, and for an unknown scope.
    """
    if scope not in SCOPES:
        raise UsageError(f"{scope[:60]!r} is no scope of a token; it is read or write")
    if not NAME.fullmatch(name):
        raise UsageError(
            f"{name[:60]!r} is no name for a token: use up to 40 letters, digits, dots, dashes and underscores"
        )
    token = PREFIX + token_urlsafe(TOKEN_BYTES)
    with database.write(durable=True):
        if database.one(sql.TOKEN_NAMED, (name,)) is not None:
            raise UsageError(
                f"there is a token {name} already; choose another name, or first: valhalla token revoke {name}"
            )
        row = (name, _digest(token), scope, database.clock(), actor)
        ((number,),) = database.sql(sql.ADD_TOKEN, row)
        audit.append(database, "token.add", f"token:{number}", {"name": name, "scope": scope}, actor=actor)
    return token


def listed(database: Database) -> list[Token]:
    """The tokens that hold, by name."""
    return [Token._make(row) for row in database.sql(sql.TOKENS)]


def revoke(database: Database, name: str, actor: str = "operator") -> None:
    """Let nobody in by the token ``name`` from now on. Audited and durable. Raises :class:`NotFound`."""
    with database.write(durable=True):
        row = database.one(sql.TOKEN_NAMED, (name,))
        if row is None:
            raise NotFound(f"there is no token {name[:60]!r}; see: valhalla token list")
        database.sql(sql.REVOKE_TOKEN, (database.clock(), actor, row[0]))
        audit.append(database, "token.revoke", f"token:{row[0]}", {"name": name}, actor=actor)


def find(database: Database, token: str) -> Token | None:
    """What ``token`` is good for; None: nothing (any more)."""
    row = database.one(sql.TOKEN_OF, (_digest(token),))
    return None if row is None else Token._make(row)


def _digest(token: str) -> str:
    return sha256(token.encode("utf-8", "replace")).hexdigest()
