"""Changing the policy of a file, and how it came to be what it is."""

from __future__ import annotations

from typing import Any, NamedTuple

from db import Database
from valhalla.errors import UsageError
from valhalla.stages import context as stages
from valhalla.stages.policy import Change, PolicyError, diff, set_key


class Version(NamedTuple):
    """A version of the policy and how it differs from the one before it."""

    version: int
    at: int
    by: str
    reason: str
    changes: list[Change]


def change(database: Database, key: str, value: Any, reason: str, *, actor: str = "operator") -> Version:
    """Set one dotted key (``None`` removes what may be absent) and store the next version. Nothing is stored when nothing
    changes. Raises :class:`UsageError` with a sentence for each mistake. The caller asks for the re-evaluation."""
    with database.write():
        before_version, before = stages.latest_policy(database)
        try:
            after = set_key(before, key, value)
        except PolicyError as error:
            raise UsageError(str(error)) from None
        changes = diff(before, after)
        version = stages.save_policy(database, after, reason, actor) if changes else before_version
        return Version(version, database.clock(), actor, reason, changes)


def history(database: Database) -> list[Version]:
    """Every version, oldest first."""
    found: list[Version] = []
    before: dict[str, Any] | None = None
    for entry in stages.policy_history(database):
        policy = stages.policy_at(database, entry.version)
        changes = [] if before is None else diff(before, policy)
        found.append(Version(entry.version, entry.created_at, entry.created_by, entry.reason, changes))
        before = policy
    return found
