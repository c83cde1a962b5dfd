"""Starting, weighting and stopping experiments. One takes leads at a time; every change is witnessed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from db import Database, audit
from valhalla.program.errors import NotFound, UsageError
from valhalla.scoring import sql
from valhalla.scoring.scripts import bring_back, find_script
from valhalla.scoring.stages.calling import CHANNELS
from valhalla.scoring.stages.learning import RANKS

MOST_VARIANTS = 10
HEAVIEST = 1_000


class Arm(NamedTuple):
    """A variant to start with: its name, its share of the leads, and its script (number or name; None for a channel)."""

    name: str
    weight: int = 1
    script: str | None = None


class Found(NamedTuple):
    """A row of table ``experiment``."""

    id: int
    name: str
    version: int
    kind: str
    state: str
    metric: str
    created_at: int
    started_at: int | None
    stopped_at: int | None


class ScriptedVariant(NamedTuple):
    """A variant with its script; None where a channel is compared."""

    id: int
    name: str
    weight: int
    script_id: int | None
    script: str | None
    script_version: int | None
    state: str | None


def variants(database: Database, experiment_id: int) -> list[ScriptedVariant]:
    """The variants of an experiment, in the order in which they were named."""
    return [ScriptedVariant._make(row) for row in database.sql(sql.VARIANTS_WITH_SCRIPTS, (experiment_id,))]


def find(database: Database, name: str) -> Found:
    """The experiment called ``name``; :class:`NotFound` when there is none."""
    row = database.one(sql.EXPERIMENT_BY_NAME, (name,))
    if row is None:
        raise NotFound(f"there is no experiment {name!r}; see: valhalla experiments list")
    return Found(*row)


def start(
    database: Database,
    name: str,
    arms: Sequence[Arm] = (),
    *,
    kind: str = "script",
    metric: str = "appointment",
    actor: str = "operator",
) -> Found:
    """Start a new experiment with ``arms``, or (without arms) go on with one that was stopped.

    Leads without a variant get one when they are decided next; a script that was retired comes back as testing.
    """
    name = name.strip()
    if metric not in RANKS:
        raise UsageError(f"{metric!r} cannot be counted as success; use {', '.join(RANKS)}")
    with database.write(durable=True):
        running = database.value(sql.RUNNING_EXPERIMENT_NAME)
        if running is not None:
            raise UsageError(f"experiment {running} is running, and one takes leads at a time; stop it first")
        known = database.one(sql.EXPERIMENT_BY_NAME, (name,))
        if known is not None and arms:
            raise UsageError(
                f"there is an experiment {name!r} already; start it without variants, or choose another name"
            )
        experiment_id = (
            _restart(database, Found(*known)) if known else _add(database, name, arms, kind, metric, actor)
        )
        found = find(database, name)
        found_arms = variants(database, experiment_id)
        for variant in found_arms:
            if variant.script_id is not None and variant.state == "retired":
                bring_back(database, variant.script_id, f"It is compared again in experiment {name}.", actor)
        weights = {variant.name: variant.weight for variant in found_arms}
        _begin_epoch(database, found, weights)
        body = {"version": found.version, "weights": weights, "kind": found.kind, "metric": found.metric}
        audit.append(database, "experiment.start", f"experiment:{found.id}", body, actor=actor)
    return found


def weigh(database: Database, name: str, weights: Mapping[str, int], *, actor: str = "operator") -> Found:
    """Change the shares of variants: a new version from now on. Leads keep the variant they have."""
    with database.write(durable=True):
        found = find(database, name)
        before = {variant.name: variant.weight for variant in variants(database, found.id)}
        unknown = [each for each in weights if each not in before]
        if unknown:
            raise UsageError(f"experiment {name} has no variant {unknown[0]!r}; it has {', '.join(before)}")
        after = {**before, **weights}
        _check_weights(list(after.values()))
        if after == before:
            return found
        for variant, weight in weights.items():
            database.sql(sql.WEIGH_VARIANT, (weight, found.id, variant))
        database.sql(sql.NEXT_EXPERIMENT_VERSION, (found.id,))
        found = find(database, name)
        _begin_epoch(database, found, after)
        body = {"version": found.version, "before": before, "after": after}
        audit.append(database, "experiment.weigh", f"experiment:{found.id}", body, actor=actor)
    return found


def stop(database: Database, name: str, *, actor: str = "operator") -> Found:
    """Stop an experiment: its leads get the script in use from their next decision on. What was counted stays."""
    with database.write(durable=True):
        found = find(database, name)
        if found.state != "running":
            raise UsageError(f"experiment {name} is not running")
        database.sql(sql.STOP_EXPERIMENT, (database.clock(), found.id))
        audit.append(
            database, "experiment.stop", f"experiment:{found.id}", {"version": found.version}, actor=actor
        )
        return find(database, name)


def _add(database: Database, name: str, arms: Sequence[Arm], kind: str, metric: str, actor: str) -> int:
    if not name:
        raise UsageError("an experiment needs a name")
    if kind not in ("script", "channel"):
        raise UsageError(f"{kind!r} cannot be compared; use script or channel")
    if not 2 <= len(arms) <= MOST_VARIANTS:
        raise UsageError(
            f"an experiment compares 2 to {MOST_VARIANTS} variants, such as --variant calm=1 --variant brisk=2"
        )
    if len({arm.name for arm in arms}) < len(arms) or not all(arm.name for arm in arms):
        raise UsageError("every variant needs a name of its own")
    _check_weights([arm.weight for arm in arms])
    scripts: list[int | None] = []
    for arm in arms:
        if kind == "channel":
            if arm.name not in CHANNELS:
                raise UsageError(f"{arm.name!r} is no channel; the variants are named {', '.join(CHANNELS)}")
            scripts.append(None)
        elif arm.script is None:
            raise UsageError(f"variant {arm.name} needs a script, such as --variant {arm.name}=1")
        else:
            scripts.append(find_script(database, arm.script).id)
    if kind == "script" and len(set(scripts)) < len(scripts):
        raise UsageError("two variants have the same script, so there is nothing to compare")
    now = database.clock()
    experiment_id: int = database.value(sql.ADD_EXPERIMENT, (name, kind, metric, now, now))
    for arm, script in zip(arms, scripts, strict=True):
        database.sql(sql.ADD_VARIANT, (experiment_id, arm.name, arm.weight, script))
    return experiment_id


def _restart(database: Database, known: Found) -> int:
    database.sql(sql.RESTART_EXPERIMENT, (database.clock(), known.id))
    return known.id


def _begin_epoch(database: Database, found: Found, weights: Mapping[str, Any]) -> None:
    database.sql(
        sql.ADD_EPOCH,
        (found.id, found.version, json.dumps(weights, ensure_ascii=False), database.clock()),
    )


def _check_weights(weights: Sequence[int]) -> None:
    if not all(0 <= weight <= HEAVIEST for weight in weights):
        raise UsageError(f"a weight is a whole number from 0 to {HEAVIEST}")
    if sum(weight > 0 for weight in weights) < 1:
        raise UsageError("at least one variant must get leads")
