"""What belongs to whom: a caller ends and undoes what they promised and recorded themselves; managers, what anybody did."""

from __future__ import annotations

from typing import Any

from db import Database
from valhalla.leads.work_models import Promise
from valhalla.program.errors import UsageError
from valhalla.scoring.models import Outcome
from valhalla.team.members import Member

CALLER = "caller"


def only_of(member: Member | None) -> str | None:
    """Of whom somebody sees promises: their own name, or None: everybody's."""
    return member.name if member is not None and member.role == CALLER else None


def check_promise(database: Database, member: Member | None, number: int) -> None:
    """Raises :class:`UsageError` where a caller would change what somebody else promised."""
    _check(database, Promise.select(Promise.made_by).where(Promise.id == number), member, "promised")


def check_outcome(database: Database, member: Member | None, number: int) -> None:
    """Raises :class:`UsageError` where a caller would undo what somebody else recorded."""
    _check(database, Outcome.select(Outcome.recorded_by).where(Outcome.id == number), member, "recorded")


def _check(database: Database, whose: Any, member: Member | None, what: str) -> None:
    name = only_of(member)
    by = None if name is None else whose.scalar(database)
    if by not in (None, name):
        raise UsageError(f"{by} {what} this; ask them or a manager")
