"""Bearer tokens: a program's own way into the cockpit, until somebody revokes it.

A token is shown once, when it is made; the file keeps its SHA-256. It needs no stretching: a token is 192 random bits.
"""

from __future__ import annotations

import re
from hashlib import sha256
from secrets import token_urlsafe
from typing import Any, NamedTuple

from db import Database, audit
from valhalla.program.errors import NotFound, UsageError
from valhalla.service import models, sql

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

    Raises :class:`UsageError` for a name that is not a name or that another token has, and for an unknown scope.
    """
    if scope not in SCOPES:
        raise UsageError(f"{scope[:60]!r} is not a scope of a token; it is read or write")
    if not NAME.fullmatch(name):
        raise UsageError(
            f"{name[:60]!r} is not a name for a token: use up to 40 letters, digits, dots, dashes and underscores"
        )
    token = PREFIX + token_urlsafe(TOKEN_BYTES)
    with database.write(durable=True):
        if _valid().where(models.Token.name == name).exists(database):
            raise UsageError(
                f"there is a token {name} already; choose another name, or first: valhalla token revoke {name}"
            )
        digest = _digest(token)
        row = models.Token.insert(
            name=name, digest=digest, scope=scope, created_at=database.clock(), created_by=actor
        )
        number = row.execute(database)
        body = {"name": name, "scope": scope, "digest": digest}
        audit.append(database, "token.add", f"token:{number}", body, actor=actor)
    return token


def listed(database: Database) -> list[Token]:
    """The tokens that hold, by name."""
    return list(_valid().order_by(models.Token.name).execute(database))


def revoke(database: Database, name: str, actor: str = "operator") -> None:
    """Let nobody in by the token ``name`` from now on. Audited and durable. Raises :class:`NotFound`."""
    with database.write(durable=True):
        token = _valid().where(models.Token.name == name).first(database)
        if token is None:
            raise NotFound(f"there is no token {name[:60]!r}; see: valhalla token list")
        revoked = models.Token.update(revoked_at=database.clock(), revoked_by=actor)
        revoked.where(models.Token.id == token.id).execute(database)
        audit.append(database, "token.revoke", f"token:{token.id}", {"name": name}, actor=actor)


def find(database: Database, token: str) -> Token | None:
    """What ``token`` is good for; None: nothing (any more)."""
    digest = _digest(token)
    found: Token | None = _valid().where(models.Token.digest == digest).first(database)
    return found if found is not None and _in_chain(database, found, digest) else None


def _valid() -> Any:
    """A query for the tokens that were not revoked; its rows are each a :class:`Token`."""
    row = models.Token
    query = row.select(row.id, row.name, row.scope, row.created_at, row.created_by)
    return query.where(row.revoked_at.is_null()).objects(Token)


def _in_chain(database: Database, token: Token, digest: str) -> bool:
    """Whether the chain's last word on the token is that it was made, with this digest and scope. What only the row says may
    have been put there behind the program's back."""
    row = database.one(sql.LAST_WORD_ON_TOKEN, (f"token:{token.id}",))
    if row is None or row[4] != "token.add" or audit.entry_hash(*row[:8]) != row[8]:
        return False
    approved = audit.parsed(row[6])
    return (approved.get("digest"), approved["scope"]) == (digest, token.scope)


def _digest(token: str) -> str:
    return sha256(token.encode("utf-8", "replace")).hexdigest()
