"""Starting, weighting and stopping experiments. One takes leads at a time; every change is witnessed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from db import Database, audit
from db.orm import JOIN
from valhalla.program.errors import NotFound, UsageError
from valhalla.scoring import models
from valhalla.scoring.scripts import bring_back, find_script
from valhalla.scoring.stages.channels import CHANNELS
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
    variant, script = models.Variant, models.Script
    query = (
        variant.select(
            variant.id,
            variant.name,
            variant.weight,
            variant.script_id,
            script.name.alias("script"),
            script.version.alias("script_version"),
            script.state,
        )
        .join(script, JOIN.LEFT_OUTER, on=variant.script_id == script.id)
        .where(variant.experiment_id == experiment_id)
        .order_by(variant.id)
    )
    return list(query.objects(ScriptedVariant).execute(database))


def find(database: Database, name: str) -> Found:
    """The experiment called ``name``; :class:`NotFound` when there is none."""
    found = _newest(database, name)
    if found is None:
        raise NotFound(f"there is no experiment {name!r}; see: valhalla experiments list")
    return found


def every(database: Database) -> list[Found]:
    """Every experiment, the running one first, then the newest."""
    experiment = models.Experiment
    query = experiment.select().order_by(experiment.state != "running", experiment.id.desc())
    return list(query.objects(Found).execute(database))


def _newest(database: Database, name: str) -> Found | None:
    """The newest of those that were ever called ``name``."""
    experiment = models.Experiment
    query = experiment.select().where(experiment.name == name)
    found: Found | None = (
        query.order_by(experiment.version.desc(), experiment.id.desc()).objects(Found).first(database)
    )
    return found


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
        running = next((each for each in every(database) if each.state == "running"), None)
        if running is not None:
            raise UsageError(
                f"experiment {running.name} is running, and one takes leads at a time; stop it first"
            )
        known = _newest(database, name)
        if known is not None and arms:
            raise UsageError(
                f"there is an experiment {name!r} already; start it without variants, or choose another name"
            )
        experiment_id = _restart(database, known) if known else _add(database, name, arms, kind, metric)
        found = find(database, name)
        found_arms = variants(database, experiment_id)
        for variant in found_arms:
            if variant.script_id is not None and variant.state == "retired":
                bring_back(database, variant.script_id, f"It is compared again in experiment {name}.", actor)
        weights = {variant.name: variant.weight for variant in found_arms}
        begin_epoch(database, found.id, found.version, weights)
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
            arm = models.Variant
            named = arm.experiment_id == found.id, arm.name == variant
            arm.update(weight=weight).where(*named).execute(database)
        _update(database, found.id, version=found.version + 1)
        found = find(database, name)
        begin_epoch(database, found.id, found.version, after)
        body = {"version": found.version, "before": before, "after": after}
        audit.append(database, "experiment.weigh", f"experiment:{found.id}", body, actor=actor)
    return found


def stop(database: Database, name: str, *, actor: str = "operator") -> Found:
    """Stop an experiment: its leads get the script in use from their next decision on. What was counted stays."""
    with database.write(durable=True):
        found = find(database, name)
        if found.state != "running":
            raise UsageError(f"experiment {name} is not running")
        _update(database, found.id, state="stopped", stopped_at=database.clock())
        audit.append(
            database, "experiment.stop", f"experiment:{found.id}", {"version": found.version}, actor=actor
        )
        return find(database, name)


def _add(database: Database, name: str, arms: Sequence[Arm], kind: str, metric: str) -> int:
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
                raise UsageError(
                    f"{arm.name!r} is not a channel; the variants are named {', '.join(CHANNELS)}"
                )
            scripts.append(None)
        elif arm.script is None:
            raise UsageError(f"variant {arm.name} needs a script, such as --variant {arm.name}=1")
        else:
            scripts.append(find_script(database, arm.script).id)
    if kind == "script" and len(set(scripts)) < len(scripts):
        raise UsageError("two variants have the same script, so there is nothing to compare")
    variants = [(arm.name, arm.weight, script) for arm, script in zip(arms, scripts, strict=True)]
    return insert(database, name, variants, kind=kind, metric=metric)


def insert(
    database: Database,
    name: str,
    variants: Iterable[tuple[str, int, int | None]],
    *,
    kind: str = "script",
    metric: str = "appointment",
) -> int:
    """The number of a new experiment that runs from now on, with its ``variants``: name, weight and script of each. Inside a write
    transaction."""
    now = database.clock()
    experiment_id = int(
        models.Experiment.insert(
            name=name, version=1, kind=kind, state="running", metric=metric, created_at=now, started_at=now
        ).execute(database)
    )
    for variant, weight, script_id in variants:
        models.Variant.insert(
            experiment_id=experiment_id, name=variant, weight=weight, script_id=script_id
        ).execute(database)
    return experiment_id


def begin_epoch(database: Database, experiment_id: int, version: int, weights: Mapping[str, int]) -> None:
    """Leads are drawn by these weights from now on. Inside a write transaction."""
    models.ExperimentEpoch.insert(
        experiment_id=experiment_id,
        version=version,
        weights=json.dumps(weights, ensure_ascii=False),
        started_at=database.clock(),
    ).execute(database)


def _restart(database: Database, known: Found) -> int:
    _update(
        database,
        known.id,
        state="running",
        version=known.version + 1,
        started_at=database.clock(),
        stopped_at=None,
    )
    return known.id


def _update(database: Database, experiment_id: int, **values: Any) -> None:
    models.Experiment.update(**values).where(models.Experiment.id == experiment_id).execute(database)


def _check_weights(weights: Sequence[int]) -> None:
    if not all(0 <= weight <= HEAVIEST for weight in weights):
        raise UsageError(f"a weight is a whole number from 0 to {HEAVIEST}")
    if sum(weight > 0 for weight in weights) < 1:
        raise UsageError("at least one variant must get leads")
