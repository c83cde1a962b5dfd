"""Putting people on the do-not-contact list and taking them off it, with what that means for the leads they are."""

from __future__ import annotations

from collections.abc import Sequence

from db import Database, audit
from valhalla.leads import lookup, redecide, suppression
from valhalla.leads.suppression import Entry, Origin


def add(
    database: Database,
    entries: Sequence[Entry],
    *,
    origin: Origin = "operator",
    reason: str | None = None,
    actor: str = "operator",
) -> tuple[int, int]:
    """Put entries on the list and mark the leads they concern; audited and durable.

    Returns how many entries are new on the list, and how many leads are kept out by this.
    """
    now, salt = database.clock(), database.sql(suppression.READ_STATE)[0][1]
    with database.write(durable=not database.in_write()):
        before = database.value("SELECT count(*) FROM suppression WHERE removed_at IS NULL")
        database.many(
            suppression.ADD,
            [
                (kind, value, suppression.digest(salt, kind, value), origin, reason, now, actor)
                for kind, value in dict.fromkeys(entries)
            ],
        )
        added = database.value("SELECT count(*) FROM suppression WHERE removed_at IS NULL") - before
        database.sql(suppression.MOVE)
        sets = suppression.sets_of(entries)
        marks = {
            number: why
            for number, email, phone, suppressed in lookup.leads_of(database, entries)
            if suppressed is None and (why := sets.reason(email, phone)) is not None
        }
        redecide.decide_again(database, marks, lambda lead: lead._replace(suppressed=marks[lead.id]))
        database.sql(suppression.MOVE_LEADS)
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
    """Take entries off the list; leads that nothing else keeps out may be contacted again. Audited and durable.

    ``origin``: only entries of this one. Returns how many entries were taken off and how many leads are open again.
    """
    now, salt = database.clock(), database.sql(suppression.READ_STATE)[0][1]
    with database.write(durable=not database.in_write()):
        removed = 0
        for kind, value in dict.fromkeys(entries):
            database.sql(
                suppression.REMOVE, (now, actor, kind, suppression.digest(salt, kind, value), origin)
            )
            removed += database.changes()
        database.sql(suppression.MOVE)
        left = suppression.load(database)
        marks = {
            number: left.reason(email, phone)
            for number, email, phone, suppressed in lookup.leads_of(database, entries)
            if suppressed is not None and suppressed.startswith(suppression.PREFIX)
        }
        redecide.decide_again(database, marks, lambda lead: lead._replace(suppressed=marks[lead.id]))
        database.sql(suppression.MOVE_LEADS)
        opened = sum(why is None for why in marks.values())
        audit.append(
            database, "suppression.remove", "suppression", {"removed": removed, "leads": opened}, actor=actor
        )
    return removed, opened


def forget(database: Database, entries: Sequence[Entry], actor: str) -> None:
    """Put people on the list of whom only salted digests may be kept; inside the caller's transaction."""
    now, salt = database.clock(), database.sql(suppression.READ_STATE)[0][1]
    for kind, value in entries:
        known = suppression.digest(salt, kind, value)
        database.sql(suppression.ADD, (kind, None, known, "forgotten", None, now, actor))
        database.sql(suppression.FORGET, (kind, known))
    database.sql(suppression.MOVE)
