"""What a person changes in the way leads are decided on: each change and the re-evaluation it calls for, in one transaction.

Each function returns what was made of the change and the job that decides on the leads again (None: nothing was changed).
Both are on the disk when it returns.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from jobs import JobId
from valhalla.program.errors import UsageError
from valhalla.scoring import experiments, policies, promoting, shadow
from valhalla.scoring.experiments import Arm, Found
from valhalla.scoring.jobs import Reevaluating
from valhalla.scoring.policies import Version
from valhalla.scoring.promoting import Moved, Verdict

if TYPE_CHECKING:
    from db import Database


TRIED = 1_000
"""Newest leads that a rule is tried on before it is switched on: some hundredths of a second."""


def set_policy(
    reevaluating: Reevaluating,
    key: str,
    text: str,
    reason: str = "",
    *,
    actor: str = "operator",
    anyway: bool = False,
) -> tuple[Version, JobId | None]:
    """Set one dotted key of the policy to what the operator wrote. See :func:`policies.parsed` and :func:`policies.change`.

    It is first run in shadow over the newest leads (:mod:`valhalla.scoring.shadow`). Raises :class:`UsageError`, and changes nothing,
    when a gate fails, unless it is to be switched on ``anyway``.
    """
    value = policies.parsed(text)
    if not anyway:
        _must_pass(reevaluating.database, key, value, text)
    return reevaluating.after(
        lambda database: policies.change(
            database, key, value, reason.strip() or f"{key} was set", actor=actor
        ),
        when=lambda made: bool(made.changes),
    )


def _must_pass(database: Database, key: str, value: Any, text: str) -> None:
    found = shadow.run(database, shadow.proposed(database, {key: value}), TRIED)
    failed = [gate.says for gate in found.gates if gate.passed is False]
    if failed:
        tried = f"Tried on the newest {found.leads:,} leads, not switched on: {' '.join(failed)}"
        again = f"{key} {shlex.quote(text)}"
        raise UsageError(
            f"{tried} See who moves: valhalla policy shadow {again}; to set it all the same: valhalla policy set {again} --anyway"
        )


def revert_policy(
    reevaluating: Reevaluating, version: int, reason: str = "", *, actor: str = "operator"
) -> tuple[Version, JobId | None]:
    """Put an earlier version of the policy in force again. See :func:`policies.revert`."""
    return reevaluating.after(
        lambda database: policies.revert(database, version, reason, actor=actor),
        when=lambda made: bool(made.changes),
    )


def start_experiment(
    reevaluating: Reevaluating,
    name: str,
    arms: Sequence[Arm] = (),
    *,
    kind: str = "script",
    metric: str = "appointment",
    actor: str = "operator",
) -> tuple[Found, JobId | None]:
    """Start a new experiment with ``arms``, or continue one that was stopped. See :func:`experiments.start`."""
    return reevaluating.after(
        lambda database: experiments.start(database, name, arms, kind=kind, metric=metric, actor=actor)
    )


def weigh_experiment(
    reevaluating: Reevaluating, name: str, weights: Mapping[str, int], *, actor: str = "operator"
) -> tuple[Found, JobId | None]:
    """Change the shares of an experiment's variants. See :func:`experiments.weigh`."""
    return reevaluating.after(lambda database: experiments.weigh(database, name, weights, actor=actor))


def stop_experiment(
    reevaluating: Reevaluating, name: str, *, actor: str = "operator"
) -> tuple[Found, JobId | None]:
    """Stop an experiment. See :func:`experiments.stop`."""
    return reevaluating.after(lambda database: experiments.stop(database, name, actor=actor))


def promote_script(
    reevaluating: Reevaluating, which: str, *, actor: str = "operator"
) -> tuple[tuple[Verdict, list[Moved]], JobId | None]:
    """Bring a script into use if every gate passes. See :func:`promoting.promote`."""
    return reevaluating.after(
        lambda database: promoting.promote(database, which, actor=actor), when=lambda made: bool(made[1])
    )


def pin_script(
    reevaluating: Reevaluating, which: str, reason: str = "", *, actor: str = "operator"
) -> tuple[list[Moved], JobId | None]:
    """Bring a script into use by hand and keep it there. See :func:`promoting.pin`."""
    return reevaluating.after(
        lambda database: promoting.pin(
            database, which, reason=reason.strip() or "chosen by hand", actor=actor
        )
    )


def retire_script(
    reevaluating: Reevaluating, which: str, reason: str = "", *, actor: str = "operator"
) -> tuple[Moved, JobId | None]:
    """Take a script out of use by hand. See :func:`promoting.retire`."""
    return reevaluating.after(
        lambda database: promoting.retire(
            database, which, reason=reason.strip() or "not wanted any more", actor=actor
        )
    )
