"""Changing the policy of a file, and how it came to be what it is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from db import Database
from valhalla.program.errors import NotFound, UsageError
from valhalla.scoring import store as stages
from valhalla.scoring.stages.policy import (
    FORMULA,
    Change,
    Policy,
    PolicyError,
    diff,
    formula_of,
    set_key,
    switched,
)


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
        after = with_key(database, before, key, value)
        changes = diff(before, after)
        version = stages.save_policy(database, after, reason, actor) if changes else before_version
        return Version(version, database.clock(), actor, reason, changes)


def with_key(database: Database, policy: Mapping[str, Any], key: str, value: Any) -> Policy:
    """``policy`` with one dotted key changed. Raises :class:`UsageError` with a sentence for each mistake."""
    try:
        return _switched(database, policy, value) if key == FORMULA else set_key(policy, key, value)
    except PolicyError as error:
        raise UsageError(str(error)) from None


def revert(database: Database, version: int, reason: str = "", *, actor: str = "operator") -> Version:
    """Put an earlier version in force again, as the next version, so that the history stays whole. Its text is taken over as it
    is, so every decision by it is the one it was. Nothing is stored when it is in force already. Raises :class:`NotFound`. The
    caller asks for the re-evaluation."""
    with database.write():
        latest, before = stages.latest_policy(database)
        try:
            after = stages.policy_at(database, version)
        except stages.Unknown:
            raise NotFound(
                f"there is no policy version {version}; the versions are 1 to {latest}: valhalla policy history"
            ) from None
        changes = diff(before, after)
        reason = reason.strip() or f"back to version {version}"
        made = stages.save_policy(database, after, reason, actor) if changes else latest
        return Version(made, database.clock(), actor, reason, changes)


def _switched(database: Database, policy: Mapping[str, Any], formula: Any) -> Policy:
    """The policy by another formula, with what was last set for that one."""
    versions = reversed(stages.policy_history(database))
    earlier = (stages.policy_at(database, entry.version) for entry in versions)
    return switched(policy, formula, next((each for each in earlier if formula_of(each) == formula), None))


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


def parsed(text: str) -> Any:
    """A value as the operator writes it: a number, true or false (on, off), a word, or JSON; None for an empty text.
    Raises :class:`UsageError`."""
    if not text.strip():
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        low = text.strip().lower()
        if low in ("on", "yes"):
            return True
        if low in ("off", "no"):
            return False
        if text.strip()[0] in "[{":
            raise UsageError(f"{text[:80]!r} is no JSON") from None
        return text.strip()


def as_text(value: Any) -> str:
    """A value as people read it."""
    if value is None or isinstance(value, str):
        return value or "(none)"
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return ", ".join(value)
    if isinstance(value, list) and all(isinstance(each, dict) for each in value):
        return "; ".join(" ".join(f"{key} {part}" for key, part in each.items()) for each in value)
    return json.dumps(value, ensure_ascii=False)


def leaves(policy: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Every dotted key of a policy, or of a part of it that begins with ``prefix``, with its value."""
    found: dict[str, Any] = {}
    for name, value in policy.items():
        found |= leaves(value, f"{prefix}{name}.") if isinstance(value, dict) else {f"{prefix}{name}": value}
    return found
