"""The chain of entries that witness what was done to the file. Append-only."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from db import errors
from db.standing import READ_HEAD

if TYPE_CHECKING:
    from db.connection import Connections

DOMAIN = "valhalla-audit-1"
"""First word of what is hashed, so that an entry's hash can be mistaken for nothing else."""

ADD_ENTRY = """INSERT INTO audit (seq, at, actor, correlation_id, action, subject, body, previous, hash)
               VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"""
MOVE_HEAD = "UPDATE audit_head SET entries = ?, hash = ? WHERE id = 1"
READ_CHAIN = (
    "SELECT seq, at, actor, correlation_id, action, subject, body, previous, hash FROM audit ORDER BY seq"
)


REDACTED = "copy.redacted"
"""Action of the last entry of a redacted copy; no other file has one."""

RESERVED = frozenset({"rows", "evidence.table", "schema.tables", REDACTED})
"""Actions of the entries that this package makes by itself, see :mod:`db.sealing` and :mod:`db.structure`."""

OUTSIDE = "an audit entry belongs into the transaction that it witnesses"


class Head(NamedTuple):
    """The end of the chain: how many entries there are and the hash of the last ("" when there is none)."""

    entries: int
    hash: str


def canonical(value: Any) -> str:
    """JSON with sorted keys, no spaces and only ASCII: equal values give equal text everywhere."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def parsed(body: str) -> dict[str, Any]:
    """The facts of an entry."""
    facts: dict[str, Any] = json.loads(body)
    return facts


def entry_hash(
    seq: int,
    at: int,
    actor: str,
    correlation_id: str | None,
    action: str,
    subject: str,
    body: str,
    previous: str,
) -> str:
    """SHA-256 over the canonical JSON list of an entry's fields, :data:`DOMAIN` in front; hexadecimal."""
    text = canonical([DOMAIN, seq, at, actor, correlation_id, action, subject, body, previous])
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def head(database: Connections) -> Head:
    """The end of the chain now. Raises :class:`db.errors.Damaged` when somebody removed it."""
    found = database.one(READ_HEAD)
    if found is None:
        raise errors.Damaged("the head of the audit chain is missing, so entries may be too")
    return Head(*found)


def append(
    database: Connections,
    action: str,
    subject: str,
    body: Mapping[str, Any],
    *,
    actor: str | None = None,
    correlation_id: str | None = None,
) -> Head:
    """Add an entry to the chain; call it inside the transaction that does what the entry witnesses.

    ``action`` is a dotted word ("import.chunk"), ``subject`` names what it was done to ("import:12"), ``body`` holds
    the facts as JSON values; floats have no place in it. The program's ``check_entry`` has a look at both first.
    ``actor``: the program itself unless given. Rows of evidence that the transaction changes need no mention: they are
    witnessed when it ends, see :mod:`db.sealing`.
    """
    if action in RESERVED:
        raise ValueError(f"entries of the action {action!r} are made by the file itself")
    if not database.in_write():
        raise RuntimeError(OUTSIDE)
    subject, body = database.schema.check_entry(database, action, subject, body)
    added = add(database, action, subject, body, actor=actor, correlation_id=correlation_id)
    database.recorder().reason = (actor, correlation_id, added.entries)
    return added


def add(
    database: Connections,
    action: str,
    subject: str,
    body: Mapping[str, Any],
    *,
    actor: str | None = None,
    correlation_id: str | None = None,
) -> Head:
    """:func:`append` for this package, which alone makes entries of the actions in :data:`RESERVED`."""
    if not database.in_write():
        raise RuntimeError(OUTSIDE)
    last = head(database)
    seq, at, text = last.entries + 1, database.clock(), canonical(body)
    actor = actor or database.schema.actor
    digest = entry_hash(seq, at, actor, correlation_id, action, subject, text, last.hash)
    database.sql(ADD_ENTRY, (seq, at, actor, correlation_id, action, subject, text, last.hash, digest))
    database.sql(MOVE_HEAD, (seq, digest))
    return Head(seq, digest)


def check_chain(database: Connections) -> list[str]:
    """What is wrong with the chain, a sentence each; empty when every entry follows from the one before it."""
    problems: list[str] = []
    previous, count = "", 0
    with database.view():  # an entry that is added meanwhile must not look like a head that does not fit
        for row in database.connection().execute(READ_CHAIN):
            count += 1
            if row[0] != count:
                problems.append(f"audit entry {count} is missing; the next one is {row[0]}")
                count = row[0]
            if row[7] != previous:
                problems.append(f"audit entry {row[0]} does not follow the entry before it")
            if entry_hash(*row[:8]) != row[8]:
                problems.append(f"audit entry {row[0]} was changed after it was written")
            previous = row[8]
        try:
            end = head(database)
        except errors.Damaged as error:
            return [*problems, str(error)]
    if (end.entries, end.hash) != (count, previous):
        problems.append(f"the chain ends at entry {count}, but entry {end.entries} was written last")
    return problems
