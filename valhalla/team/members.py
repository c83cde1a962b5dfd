"""The people who work here and what each may do.

One operator needs none of this: it begins with ``valhalla team on``. What a member does is recorded under their name.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any, NamedTuple

from db import Database, audit
from valhalla.program import settings
from valhalla.program.errors import UsageError
from valhalla.team import models

ENABLED = "team.enabled"
ROLES = ("owner", "manager", "caller", "auditor")
READ_ONLY = ("auditor",)
LONGEST = 60
"""Characters of a name."""


class Member(NamedTuple):
    """Somebody who works here."""

    id: int
    name: str
    role: str
    added_at: int

    def to_json(self) -> dict[str, Any]:
        """Its documented shape."""
        return {"name": self.name, "role": self.role}


def switch(database: Database, on: bool, actor: str = "operator") -> None:
    """Begin or end working as a team. Members stay known; while it is off, nobody acts under their name or is signed in."""
    with database.write(durable=True):
        settings.save(database, ENABLED, "on" if on else "off", actor)
        if not on:
            models.MemberSession.delete().execute(database)


def enabled(database: Database) -> bool:
    """Whether people work here under their names."""
    return bool(settings.value(database, ENABLED))


def everybody(database: Database) -> list[Member]:
    """All members, in the order in which they came."""
    row = models.Member
    query = row.select(row.id, row.name, row.role, row.added_at).where(row.removed_at.is_null())
    return [Member._make(each) for each in query.order_by(row.id).tuples().execute(database)]


def add(database: Database, name: str, role: str, actor: str = "operator") -> Member:
    """Add a member. Raises :class:`UsageError` for a name that is taken, or no name, and for a role that does not exist."""
    name = " ".join(name.split())
    if role not in ROLES:
        raise UsageError(f"{role!r} is not a role; use {', '.join(ROLES)}")
    if not name or len(name) > LONGEST or not name.isprintable() or name.startswith("-"):
        raise UsageError(f"a name has 1 to {LONGEST} letters, such as Dana")
    with database.write(durable=True):
        if any(each.name.casefold() == name.casefold() for each in everybody(database)):
            raise UsageError(f"{name} is in the team already; choose another name")
        now = database.clock()
        number = models.Member.insert(name=name, role=role, added_at=now, added_by=actor).execute(database)
        audit.append(database, "team.add", f"member:{number}", {"role": role}, actor=actor)
    return Member(number, name, role, now)


def remove(database: Database, name: str, actor: str = "operator") -> Member:
    """End somebody's membership; what they did stays under their name. Raises :class:`UsageError` for somebody unknown."""
    with database.write(durable=True):
        found = find(database, name)
        gone = models.Member.update(removed_at=database.clock(), removed_by=actor)
        gone.where(models.Member.id == found.id).execute(database)
        models.LeadHold.delete().where(models.LeadHold.who == found.name).execute(database)
        models.MemberSession.delete().where(models.MemberSession.member_id == found.id).execute(database)
        models.Credential.delete().where(models.Credential.member_id == found.id).execute(database)
        audit.append(database, "team.remove", f"member:{found.id}", {"role": found.role}, actor=actor)
    return found


def find(database: Database, name: str) -> Member:
    """The member of this name, however it is capitalised. Raises :class:`UsageError`, naming the nearest."""
    known = {each.name.casefold(): each for each in everybody(database)}
    found = known.get(name.strip().casefold())
    if found is None:
        near = get_close_matches(name.strip().casefold(), known, 1)
        meant = f"; did you mean {known[near[0]].name}?" if near else "; see: valhalla team list"
        raise UsageError(f"there is nobody called {name} in the team{meant}")
    return found


def acting(database: Database, name: str | None, *, reads: bool = False) -> str:
    """Under whose name something is recorded: the member's, or without one the operator's.

    Raises :class:`UsageError` where there is no team, for somebody unknown, and for somebody who only reads.
    """
    if name is None:
        return "operator"
    found = find(database, name)
    if not enabled(database):
        raise UsageError("the team is off, so nobody acts under a name; turn it on with: valhalla team on")
    if found.role in READ_ONLY and not reads:
        raise UsageError(f"{found.name} is an {found.role}, who only reads")
    return found.name
