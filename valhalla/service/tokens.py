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
        digest = _digest(token)
        ((number,),) = database.sql(sql.ADD_TOKEN, (name, digest, scope, database.clock(), actor))
        body = {"name": name, "scope": scope, "digest": digest}
        audit.append(database, "token.add", f"token:{number}", body, actor=actor)
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
    digest = _digest(token)
    row = database.one(sql.TOKEN_OF, (digest,))
    if row is None:
        return None
    found = Token._make(row)
    return found if _in_chain(database, found, digest) else None


def _in_chain(database: Database, token: Token, digest: str) -> bool:
    """Whether the chain's last word on the token is that it was made, with this digest and scope. What only the row says may
    have been put there behind the program's back."""
    row = database.one(sql.LAST_WORD_ON_TOKEN, (f"token:{token.id}",))
    if row is None or row[4] != "token.add" or audit.entry_hash(*row[:8]) != row[8]:
        return False
    told = audit.parsed(row[6])
    return (told.get("digest"), told["scope"]) == (digest, token.scope)


def _digest(token: str) -> str:
    return sha256(token.encode("utf-8", "replace")).hexdigest()
