"""What belongs to whom: a caller ends and undoes what they promised and recorded themselves; managers, what anybody did."""

from __future__ import annotations

from db import Database
from valhalla.program.errors import UsageError
from valhalla.team import sql
from valhalla.team.members import Member

CALLER = "caller"


def only_of(member: Member | None) -> str | None:
    """Of whom somebody sees promises: their own name, or None: everybody's."""
    return member.name if member is not None and member.role == CALLER else None


def check_promise(database: Database, member: Member | None, number: int) -> None:
    """Raises :class:`UsageError` where a caller would change what somebody else promised."""
    _check(database, sql.PROMISE_OF, member, number, "promised")


def check_outcome(database: Database, member: Member | None, number: int) -> None:
    """Raises :class:`UsageError` where a caller would undo what somebody else recorded."""
    _check(database, sql.OUTCOME_OF, member, number, "recorded")


def _check(database: Database, statement: str, member: Member | None, number: int, what: str) -> None:
    name = only_of(member)
    by = None if name is None else database.value(statement, (number,))
    if by not in (None, name):
        raise UsageError(f"{by} {what} this; ask them or a manager")
