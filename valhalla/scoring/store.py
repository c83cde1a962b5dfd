"""The stages' context from the file: policy, experiment, scripts and what outcomes have taught so far."""

from __future__ import annotations

import json
import math
from array import array
from collections.abc import Iterable, Iterator
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple

import apsw

import db.audit
from valhalla.program import settings
from valhalla.program.later import later
from valhalla.scoring import sql
from valhalla.scoring.stages.lead import StoredLead
from valhalla.scoring.stages.learning import WorkedLead, learn, today
from valhalla.scoring.stages.learnt import LearntScore
from valhalla.scoring.stages.policy import FIRST_POLICY, Policy, completed, diff, formula_of, validated
from valhalla.scoring.stages.seed_scripts import DIRECT, PATIENT
from valhalla.scoring.stages.shares import FROM, Shares
from valhalla.scoring.stages.snapshot import Experiment, Script, Snapshot, Variant

if TYPE_CHECKING:
    from db import Database
    from valhalla.scoring import experiments, models
    from valhalla.scoring import scripts as script_rows
    from valhalla.scoring.stages import compiled
else:
    models = later("valhalla.scoring.models")
    script_rows = later("valhalla.scoring.scripts")
    experiments = later("valhalla.scoring.experiments")
    compiled = later("valhalla.scoring.stages.compiled")


GROWN = 1.1
"""How many times as many leads there must be to count shares twice on one day."""


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
        save_policy(database, FIRST_POLICY, "the default policy", "valhalla")
        if not (models.Script.select().exists(database) or models.Experiment.select().exists(database)):
            _seed_experiment(database)


def _seed_experiment(database: Database) -> None:
    texts = (("Patient opener", "primary", PATIENT), ("Direct opener", "testing", DIRECT))
    patient, direct = (script_rows.insert(database, name, body, state=state) for name, state, body in texts)
    for script_id, (_, state, _) in zip((patient, direct), texts, strict=True):
        script_rows.insert_move(
            database, script_id, None, state, "It came with the program.", "[]", "valhalla"
        )
    variants = ("patient", 1, patient), ("direct", 1, direct)
    experiment = experiments.insert(database, "opener", variants)
    experiments.begin_epoch(database, experiment, 1, {name: weight for name, weight, _ in variants})
    body = {"experiment": "opener", "scripts": [patient, direct], "weights": [1, 1]}
    db.audit.append(database, "experiment.start", f"experiment:{experiment}", body)


def latest_policy(database: Database) -> tuple[int, Policy]:
    """(version, policy) in force; :class:`Unknown` in a file that was never seeded."""
    row = database.one(sql.LATEST_POLICY)
    if row is None:
        raise Unknown("The file has no policy yet.")
    version, body = row
    return version, completed(json.loads(body))


def policy_at(database: Database, version: int) -> Policy:
    """The policy of a version."""
    return completed(json.loads(_policy_body(database, version)))


def _policy_body(database: Database, version: int) -> str:
    body: str | None = database.value(sql.POLICY_AT, (version,))
    if body is None:
        raise Unknown(f"The file has no policy version {version}.")
    return body


def policy_history(database: Database) -> list[PolicyVersion]:
    """Every version of the policy, oldest first."""
    row = models.Policy  # without the bodies, which are large
    query = row.select(row.version, row.created_at, row.created_by, row.reason).order_by(row.version)
    return list(query.objects(PolicyVersion).execute(database))


def save_policy(database: Database, policy: Policy, reason: str, actor: str) -> int:
    """Store ``policy`` as the next version and witness it; returns that version, or the present one if nothing changed.

    Raises :class:`valhalla.scoring.stages.policy.PolicyError` when the policy has mistakes.
    """
    policy = validated(policy)
    with database.write():
        latest, text = database.one(sql.LATEST_POLICY) or (0, "{}")
        changes = diff(json.loads(text), policy)
        if latest and not changes:
            return int(latest)
        version = int(latest) + 1
        text = json.dumps(policy, ensure_ascii=False, separators=(",", ":"))
        models.Policy.insert(
            version=version, body=text, created_at=database.clock(), created_by=actor, reason=reason
        ).execute(database)
        # Values go in as JSON text: the chain has no place for fractions.
        differences = (
            {change.key: [json.dumps(change.before), json.dumps(change.after)] for change in changes}
            if latest
            else {}
        )
        body = {
            "reason": reason,
            "digest": blake2b(text.encode(), digest_size=16).hexdigest(),
            "changes": differences,
        }
        db.audit.append(database, "policy.set", f"policy:{version}", body, actor=actor)
    return version


def load(database: Database, now: int, previous: compiled.Context | None = None) -> compiled.Context:
    """The context for the next batch.

    ``previous`` is the context of the batch before; when nothing was learnt since, it is reused and this costs a few small
    queries. A snapshot is stored (in a write transaction, or the one that is open) only when its digest is new.
    """
    return _learnt(database, now, previous, store=True)


def look(database: Database, now: int, policy: Policy | None = None) -> compiled.Context:
    """The same for those who only look: nothing is stored, and its ``snapshot_id`` is 0 when no decision has used it yet. ``policy``:
    as it would be if this one were in force."""
    return _learnt(database, now, None, store=False, instead=policy)


def _learnt(
    database: Database,
    now: int,
    previous: compiled.Context | None,
    *,
    store: bool,
    instead: Policy | None = None,
) -> compiled.Context:
    version, policy = latest_policy(database)
    policy = policy if instead is None else instead
    running, known_scripts = running_experiment(database), scripts(database)
    known = dict(database.sql(sql.KNOWLEDGE))
    newest, outcomes, undone = database.one(sql.OUTCOMES_SO_FAR) or (0, 0, 0)
    so_far = (newest, outcomes, undone, today(now), known, teaching_origins(database) if outcomes else "")
    if (
        previous is not None
        and previous.learnt_from == so_far
        and previous.policy_version == version
        and previous.snapshot.experiment == running
        and previous.snapshot.scripts == known_scripts
    ):
        return previous.at(now)
    worked = worked_leads(database) if outcomes else ()
    wanted = policy["score"]["learnt"] != "off" and "learnt_score" in known
    learnt = LearntScore.from_json(json.loads(known["learnt_score"])) if wanted else None
    quality = json.loads(known["data_quality"]) if "data_quality" in known else None
    snapshot = learn(worked, running, known_scripts, policy, now, quality, learnt)
    if formula_of(policy) != 1 and "shares" in known:
        snapshot = snapshot._replace(shares=Shares.from_json(json.loads(known["shares"])))
    number = store_snapshot(database, snapshot) if store else _known_snapshot(database, snapshot.digest())
    context = compiled.Context(version, policy, number, snapshot, now)
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
        _know(database, "learnt_score", learnt.to_json())
        body = {
            "resolved": learnt.resolved,
            "closes": learnt.closes,
            "better": learnt.better,
            "says": learnt.says,
        }
        db.audit.append(database, "score.learn", "knowledge:learnt_score", body)


def shares_due(database: Database) -> bool:
    """Whether it is time to count what those who can be called have in common: the first time, on another day, or when the
    leads have become many more. A few small queries."""
    newest = int(database.value(sql.NEWEST_LEAD))
    if newest < FROM or formula_of(latest_policy(database)[1]) == 1:
        return False
    known = dict(database.sql(sql.KNOWLEDGE))
    before = json.loads(known["shares_at"]) if "shares_at" in known else None
    return before is None or before["day"] != today(database.clock()) or newest > before["newest"] * GROWN


def note_shares(database: Database, shares: Shares, newest: int) -> None:
    """Remember what those who can be called have in common, and the snapshot that now holds it. ``newest``: the number of the
    newest lead when it was counted."""
    with database.write():
        _know(database, "shares", shares.to_json())
        context = load(database, database.clock())
        _know(
            database,
            "shares_at",
            {"day": shares.day, "newest": newest, "snapshot": context.snapshot_id},
        )


def _know(database: Database, name: str, value: object) -> None:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if dict(database.sql(sql.KNOWLEDGE)).get(name) != text:
        with database.write():
            row = models.Knowledge
            query = row.insert(name=name, body=text, at=database.clock())
            query.on_conflict(conflict_target=(row.name,), preserve=(row.body, row.at)).execute(database)


def _known_snapshot(database: Database, digest: str) -> int:
    row = models.ModelSnapshot
    return int(row.select(row.id).where(row.digest == digest).scalar(database) or 0)


def store_snapshot(database: Database, snapshot: Snapshot) -> int:
    """The id of the snapshot in the file; stores it when it is new."""
    digest = snapshot.digest()
    known = _known_snapshot(database, digest)
    if not known:
        with database.write():
            row = models.ModelSnapshot.insert(
                digest=digest, body=snapshot.to_json(), created_at=database.clock()
            )
            new = (
                row.on_conflict_ignore().as_rowcount().execute(database)
            )  # another process may have learnt it
            known = _known_snapshot(database, digest)
            if new:
                db.audit.append(database, "model.snapshot", f"model_snapshot:{known}", {"digest": digest})
    return known


def at(database: Database, policy_version: int, snapshot_id: int, now: int = 0) -> compiled.Context:
    """The context as it was for a decision, to explain it; :class:`Unknown` when the file does not have it."""
    body = database.value(sql.SNAPSHOT_AT, (snapshot_id,))
    if body is None:
        raise Unknown(f"The file has no model snapshot {snapshot_id}.")
    return _context(policy_version, _policy_body(database, policy_version), snapshot_id, body).at(now)


@lru_cache(maxsize=64)
def _context(version: int, policy: str, snapshot_id: int, snapshot: str) -> compiled.Context:
    """Known by the texts, not by the numbers alone, which a transaction that is rolled back gives away again."""
    known = Snapshot.from_json(snapshot)
    return compiled.Context(version, completed(json.loads(policy)), snapshot_id, known, 0)


def running_experiment(database: Database) -> Experiment | None:
    """The experiment that takes leads now."""
    row = database.one(sql.RUNNING_EXPERIMENT)
    return None if row is None else experiment(database, *row)


def experiment(database: Database, number: int, name: str, version: int, metric: str) -> Experiment:
    """An experiment as the stages draw by it, with its variants and since when they are drawn so."""
    variants = tuple(Variant(*variant) for variant in database.sql(sql.VARIANTS, (number,)))
    since = database.value(sql.EPOCH_START, (number, version))
    return Experiment(number, name, version, metric, variants, since)


def scripts(database: Database) -> tuple[Script, ...]:
    """Every script as the stages know it."""
    return tuple(Script(*row) for row in database.sql(sql.SCRIPTS))


def worked_leads(database: Database) -> Iterator[WorkedLead]:
    """What outcomes say about each lead that was worked on."""
    return map(WorkedLead._make, database.sql(sql.WORKED_LEADS, (teaching_origins(database),)))


def teaching_origins(database: Database) -> str:
    """Where outcomes may come from that teach, as JSON: ``person``, ``list``. The others are kept, and teach nothing."""
    return json.dumps(settings.value(database, "learning.origins").split(", "))


def stored_leads(database: Database, lead_ids: Iterable[int]) -> list[StoredLead]:
    """These leads as the stages read them, in order of their numbers."""
    ids = array("q", lead_ids)
    return (
        [StoredLead.from_row(row) for row in database.sql(sql.STORED_LEADS, (apsw.carray(ids),))]
        if ids
        else []
    )


__all__ = [
    "PolicyVersion",
    "Unknown",
    "at",
    "experiment",
    "latest_policy",
    "load",
    "look",
    "note_learnt",
    "note_quality",
    "note_shares",
    "policy_at",
    "policy_history",
    "running_experiment",
    "save_policy",
    "scripts",
    "seed",
    "shares_due",
    "store_snapshot",
    "stored_leads",
    "teaching_origins",
    "worked_leads",
]
