"""Putting people on the do-not-contact list and taking them off it, with what that means for the leads they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from db import Database, audit
from valhalla.leads import lookup, redecide, sql, suppression
from valhalla.leads.details import reach
from valhalla.leads.generation import touched
from valhalla.leads.suppression import Entry, Kind, Origin
from valhalla.program.errors import UsageError


class Listed(NamedTuple):
    """An entry as the list has it; ``value`` is None of somebody who was erased."""

    id: int
    kind: Kind
    value: str | None
    origin: Origin
    reason: str | None
    created_at: int
    created_by: str


def listed(database: Database, limit: int, after: int = 0) -> list[Listed]:
    """The entries in force, in the order in which they were made."""
    return [Listed._make(row) for row in database.sql(sql.LIST_SUPPRESSIONS, (after, limit))]


def add(
    database: Database,
    entries: Sequence[Entry],
    *,
    origin: Origin = "operator",
    reason: str | None = None,
    actor: str = "operator",
) -> tuple[int, int]:
    """Put entries on the list and mark the leads they concern; audited and durable.

    Returns how many entries are new on the list, and how many leads are not contacted because of this. (Numbers of the national registry keep
    nobody out: see :mod:`valhalla.leads.scrubbing`.)
    """
    now, salt = database.clock(), suppression.salt(database)
    with database.write(durable=not database.in_write()):
        before = database.value(sql.COUNT_SUPPRESSIONS)
        database.many(
            sql.ADD_SUPPRESSION,
            [
                (kind, value, suppression.digest(salt, kind, value), origin, reason, now, actor)
                for kind, value in dict.fromkeys(entries)
            ],
        )
        added = database.value(sql.COUNT_SUPPRESSIONS) - before
        database.sql(sql.MOVE_SUPPRESSION)
        sets = suppression.sets_of(entries, origin)
        marks = {
            number: why
            for number, who, suppressed in lookup.leads_of(database, entries)
            if suppressed is None and (why := sets.reason(who)) is not None
        }
        redecide.decide_again(database, marks, lambda lead: lead._replace(suppressed=marks[lead.id]))
        touched(database)
        audit.append(
            database,
            "suppression.add",
            "suppression",
            {"added": added, "given": len(entries), "origin": origin, "leads": len(marks)},
            actor=actor,
        )
    return added, len(marks)


def remove(
    database: Database, entries: Sequence[Entry], *, origin: Origin | None = None, actor: str = "operator"
) -> tuple[int, int]:
    """Take entries off the list; leads that nothing else keeps out may be contacted again. Audited and durable. What the national
    registry says of a number stays: only consent lifts it (:mod:`valhalla.leads.consent`).

    ``origin``: only entries of this one. Returns how many entries were taken off and how many leads are open again.
    """
    now, salt = database.clock(), suppression.salt(database)
    with database.write(durable=not database.in_write()):
        removed = 0
        for kind, value in dict.fromkeys(entries):
            whole = suppression.digest(salt, kind, value)
            database.sql(
                sql.REMOVE_SUPPRESSION,
                (now, actor, kind, whole, origin, whole[: suppression.KEPT_DIGITS]),
            )
            removed += database.changes()
        database.sql(sql.MOVE_SUPPRESSION)
        left = suppression.load(database)
        marks = {
            number: left.reason(who)
            for number, who, suppressed in lookup.leads_of(database, entries)
            if suppressed is not None and suppressed.startswith(suppression.PREFIX)
        }
        redecide.decide_again(database, marks, lambda lead: lead._replace(suppressed=marks[lead.id]))
        touched(database)
        opened = sum(why is None for why in marks.values())
        audit.append(
            database, "suppression.remove", "suppression", {"removed": removed, "leads": opened}, actor=actor
        )
    return removed, opened


def registered(database: Database, entries: Sequence[Entry]) -> list[str]:
    """The numbers among the entries that stand in the national registry."""
    registry = suppression.load(database).registry
    return [value for kind, value in entries if kind == "phone" and int(value) in registry]


def forget(database: Database, entries: Sequence[Entry], actor: str) -> None:
    """Put people on the list of whom only the beginnings of salted digests may be kept; inside the caller's transaction."""
    now, salt = database.clock(), suppression.salt(database)
    for kind, value in entries:
        whole = suppression.digest(salt, kind, value)
        kept = whole[: suppression.KEPT_DIGITS]
        database.sql(sql.ADD_SUPPRESSION, (kind, None, kept, "forgotten", None, now, actor))
        database.sql(sql.FORGET_SUPPRESSED, (kept, now, actor, kind, whole))
    database.sql(sql.MOVE_SUPPRESSION)


def against(database: Database, email: str | None, phone: int | None = None) -> str | None:
    """What is on the list about somebody with this address or number, in words that name nobody; None: nothing.

    A few look-ups, so that it can be asked inside the transaction that depends on the answer.
    """
    salt = suppression.salt(database)
    for kind, value in suppression.questions(reach(email, phone)):
        whole = suppression.digest(salt, kind, value)
        for found in database.sql(sql.SUPPRESSION_OF, (kind, whole, whole[: suppression.KEPT_DIGITS])):
            origin = Listed(*found).origin
            if origin == "national":
                if email is None:
                    return "the number is in the national do-not-call registry"
                continue  # it is about calls and texts, not about mail
            forgotten = origin == "forgotten"
            return "it may be of somebody who was forgotten" if forgotten else f"do not contact: {kind}"
    return None


def counts(database: Database) -> dict[str, int]:
    """How many entries are on the list, by where they come from."""
    found: dict[str, int] = {}
    for origin, count in database.sql(sql.SUPPRESSION_COUNTS):
        found[origin] = found.get(origin, 0) + count
    return found


def newest(database: Database, limit: int, before: int | None = None) -> list[Listed]:
    """The newest entries on the list, older than the entry ``before``."""
    return [Listed(*row) for row in database.sql(sql.NEWEST_SUPPRESSIONS, (before, limit))]


def find(database: Database, who: str) -> list[Listed]:
    """The entry about an address, number or domain as a person writes it; nothing where it is none of them."""
    try:
        kind, value = suppression.entry(who)
    except UsageError:
        return []
    whole = suppression.digest(suppression.salt(database), kind, value)
    rows = database.sql(sql.SUPPRESSION_OF, (kind, whole, whole[: suppression.KEPT_DIGITS]))
    return [Listed(*row) for row in rows]
