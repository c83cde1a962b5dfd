"""The stages' context from the file: policy, experiment, scripts and what outcomes have taught so far."""

from __future__ import annotations

import json
import math
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, NamedTuple

import db.audit
from valhalla.scoring import sql
from valhalla.scoring.stages.compiled import Context
from valhalla.scoring.stages.learning import WorkedLead, learn, today
from valhalla.scoring.stages.learnt import LearntScore
from valhalla.scoring.stages.policy import DEFAULT_POLICY, Policy, diff, validated
from valhalla.scoring.stages.seed_scripts import DIRECT, PATIENT
from valhalla.scoring.stages.snapshot import Experiment, Script, Snapshot, Variant

if TYPE_CHECKING:
    from db import Database


class Unknown(LookupError):
    """The file has no such policy version or snapshot; the message says which."""


class PolicyVersion(NamedTuple):
    """One entry in the history of the policy."""

    version: int
    created_at: int
    created_by: str
    reason: str


def seed(database: Database) -> None:
    """Give a file without a policy version 1 of it, two scripts and the experiment that compares them.

    Does nothing to a file that has a policy. Call it once per start.
    """
    if database.one(sql.LATEST_POLICY) is not None:
        return
    with database.write():
        if database.one(sql.LATEST_POLICY) is not None:  # another process was faster
            return
        save_policy(database, DEFAULT_POLICY, "the default policy", "valhalla")
        if database.one(sql.ANY_SCRIPT) is None and database.one(sql.ANY_EXPERIMENT) is None:
            _seed_experiment(database)


def _seed_experiment(database: Database) -> None:
    now = database.clock()
    patient = database.sql(sql.ADD_SCRIPT, ("Patient opener", "primary", PATIENT, now))[0][0]
    direct = database.sql(sql.ADD_SCRIPT, ("Direct opener", "testing", DIRECT, now))[0][0]
    experiment = database.sql(sql.ADD_EXPERIMENT, ("opener", now, now))[0][0]
    database.sql(sql.ADD_VARIANT, (experiment, "patient", 1, patient))
    database.sql(sql.ADD_VARIANT, (experiment, "direct", 1, direct))
    database.sql(sql.ADD_EPOCH, (experiment, 1, json.dumps({"patient": 1, "direct": 1}), now))
    database.sql(sql.ADD_FIRST_MOVE, (now,))
    body = {"experiment": "opener", "scripts": [patient, direct], "weights": [1, 1]}
    db.audit.append(database, "experiment.start", f"experiment:{experiment}", body)


def latest_policy(database: Database) -> tuple[int, Policy]:
    """(version, policy) in force; :class:`Unknown` in a file that was never seeded."""
    row = database.one(sql.LATEST_POLICY)
    if row is None:
        raise Unknown("The file has no policy yet.")
    return row[0], _complete(json.loads(row[1]))


def policy_at(database: Database, version: int) -> Policy:
    """The policy of a version."""
    row = database.one(sql.POLICY, (version,))
    if row is None:
        raise Unknown(f"The file has no policy version {version}.")
    return _complete(json.loads(row[0]))


def policy_history(database: Database) -> list[PolicyVersion]:
    """Every version of the policy, oldest first."""
    return [PolicyVersion(*row) for row in database.sql(sql.POLICY_HISTORY)]


def save_policy(database: Database, policy: Policy, reason: str, actor: str) -> int:
    """Store ``policy`` as the next version and witness it; returns that version, or the present one if nothing changed.

    Raises :class:`valhalla.scoring.stages.policy.PolicyError` when the policy has mistakes.
    """
    policy = validated(policy)
    with database.write():
        row = database.one(sql.LATEST_POLICY)
        before = json.loads(row[1]) if row else {}
        changes = diff(before, policy)
        if row is not None and not changes:
            return int(row[0])
        version = row[0] + 1 if row else 1
        text = json.dumps(policy, ensure_ascii=False, separators=(",", ":"))
        database.sql(sql.ADD_POLICY, (version, text, database.clock(), actor, reason))
        # Values go in as JSON text: the chain has no place for fractions.
        told = (
            {change.key: [json.dumps(change.before), json.dumps(change.after)] for change in changes}
            if row
            else {}
        )
        body = {
            "reason": reason,
            "digest": blake2b(text.encode(), digest_size=16).hexdigest(),
            "changes": told,
        }
        db.audit.append(database, "policy.set", f"policy:{version}", body, actor=actor)
    return version


def load(database: Database, now: int, previous: Context | None = None) -> Context:
    """The context for the next batch.

    ``previous`` is the context of the batch before; when nothing was learnt since, it is reused and this costs a few small
    queries. A snapshot is stored (in a write transaction, or the one that is open) only when its digest is new.
    """
    return _learnt(database, now, previous, store=True)


def look(database: Database, now: int) -> Context:
    """The same for those who only look: nothing is stored, and its ``snapshot_id`` is 0 when no decision has used it yet."""
    return _learnt(database, now, None, store=False)


def _learnt(database: Database, now: int, previous: Context | None, *, store: bool) -> Context:
    version, policy = latest_policy(database)
    experiment, scripts = _experiment(database), _scripts(database)
    known = dict(database.sql(sql.KNOWLEDGE))
    so_far = (*(database.one(sql.OUTCOMES_SO_FAR) or (0, 0, 0)), today(now), known)
    if (
        previous is not None
        and previous.learnt_from == so_far
        and previous.policy_version == version
        and previous.snapshot.experiment == experiment
        and previous.snapshot.scripts == scripts
    ):
        return previous.at(now)
    worked = map(WorkedLead._make, database.sql(sql.WORKED_LEADS)) if so_far[1] else ()
    wanted = policy["score"]["learnt"] != "off" and "learnt_score" in known
    learnt = LearntScore.from_json(json.loads(known["learnt_score"])) if wanted else None
    quality = json.loads(known["data_quality"]) if "data_quality" in known else None
    snapshot = learn(worked, experiment, scripts, policy, now, quality, learnt)
    number = store_snapshot(database, snapshot) if store else _known_snapshot(database, snapshot)
    context = Context(version, policy, number, snapshot, now)
    context.learnt_from = so_far
    return context


def note_quality(database: Database, score: float | None) -> None:
    """Remember the measured data quality (0 to 100; None: not measured) for the batches that come, to the whole percent: a
    snapshot for every hundredth would say nothing more."""
    if score is not None:
        _know(database, "data_quality", math.floor(score) * 10_000)


def note_learnt(database: Database, learnt: LearntScore) -> None:
    """Remember a newly learnt score for the batches that come; audited."""
    with database.write():
        _know(database, "learnt_score", list(learnt))
        body = {
            "resolved": learnt.resolved,
            "closes": learnt.closes,
            "better": learnt.better,
            "says": learnt.says,
        }
        db.audit.append(database, "score.learn", "knowledge:learnt_score", body)


def _know(database: Database, name: str, value: object) -> None:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if dict(database.sql(sql.KNOWLEDGE)).get(name) != text:
        with database.write():
            database.sql(sql.KNOW, (name, text, database.clock()))


def _known_snapshot(database: Database, snapshot: Snapshot) -> int:
    return int(database.value(sql.FIND_SNAPSHOT, (snapshot.digest(),)) or 0)


def store_snapshot(database: Database, snapshot: Snapshot) -> int:
    """The id of the snapshot in the file; stores it when it is new."""
    digest = snapshot.digest()
    row = database.one(sql.FIND_SNAPSHOT, (digest,))
    if row is None:
        with database.write():
            database.sql(sql.ADD_SNAPSHOT, (digest, snapshot.to_json(), database.clock()))
            if database.changes():
                row = database.one(sql.FIND_SNAPSHOT, (digest,))
                db.audit.append(
                    database, "model.snapshot", f"model_snapshot:{row[0] if row else 0}", {"digest": digest}
                )
        row = database.one(sql.FIND_SNAPSHOT, (digest,))
    assert row is not None
    return int(row[0])


def at(database: Database, policy_version: int, snapshot_id: int, now: int = 0) -> Context:
    """The context as it was for a decision, to explain it; :class:`Unknown` when the file does not have it."""
    row = database.one(sql.SNAPSHOT, (snapshot_id,))
    if row is None:
        raise Unknown(f"The file has no model snapshot {snapshot_id}.")
    policy = policy_at(database, policy_version)
    return Context(policy_version, policy, snapshot_id, Snapshot.from_json(row[0]), now)


def _experiment(database: Database) -> Experiment | None:
    row = database.one(sql.RUNNING_EXPERIMENT)
    if row is None:
        return None
    variants = tuple(Variant(*variant) for variant in database.sql(sql.VARIANTS, (row[0],)))
    drawn_since = database.value(sql.EPOCH_START, (row[0], row[2]))
    return Experiment._make([*row, variants, drawn_since])


def _scripts(database: Database) -> tuple[Script, ...]:
    return tuple(Script(*row) for row in database.sql(sql.SCRIPTS))


def _complete(policy: dict[str, Any]) -> Policy:
    """A policy of another program version: keys it could not have are at their defaults, keys that went are left out."""
    whole: Policy = {"markets": policy.get("markets", {})}
    for section, default in DEFAULT_POLICY.items():
        if section != "markets":
            mine = policy.get(section, {})
            whole[section] = {name: mine.get(name, value) for name, value in default.items()}
    return {section: whole[section] for section in DEFAULT_POLICY}


__all__ = [
    "Context",
    "PolicyVersion",
    "Unknown",
    "at",
    "latest_policy",
    "load",
    "look",
    "note_learnt",
    "note_quality",
    "policy_at",
    "policy_history",
    "save_policy",
    "seed",
    "store_snapshot",
]
