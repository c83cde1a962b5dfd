"""Scripts coming into use and going again: by the evidence, by a person's click on the evidence, or by hand."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

from db import Database
from db.orm import fn
from valhalla.program.errors import UsageError
from valhalla.scoring import models, store
from valhalla.scoring.scripts import Script, find_script, note_move, selected, set_state
from valhalla.scoring.stages.gate import Gate
from valhalla.scoring.stages.learning import learn
from valhalla.scoring.stages.promotion import (
    Move,
    PromotionRules,
    compile_promotion,
    moves,
    promotion_gates,
    split,
)
from valhalla.scoring.stages.snapshot import Arm, Snapshot
from valhalla.scoring.store import latest_policy

_RANK = {"primary": 0, "secondary": 1, "testing": 2, "experimental": 3, "retired": 4}


class Verdict(NamedTuple):
    """The answer to "may this script come into use?"."""

    script: Script
    allowed: bool
    gates: list[Gate]
    says: str


class Moved(NamedTuple):
    """One change of state that was made."""

    script: Script
    before: str
    after: str
    why: str


def assess(database: Database, which: str) -> Verdict:
    """Every gate between a script and its place in use, as if a person had agreed. Changes nothing."""
    return _assess(*_known(database), find_script(database, which))


def promote(database: Database, which: str, *, actor: str = "operator") -> tuple[Verdict, list[Moved]]:
    """Bring a script into use if every gate passes; the one that was in use becomes secondary."""
    with database.write(durable=True):
        rules, snapshot = _known(database)
        verdict = _assess(rules, snapshot, find_script(database, which))
        if not verdict.allowed:
            return verdict, []
        found = moves(rules, snapshot, {verdict.script.id}, _pinned(database))
        return verdict, _apply(database, found, actor)


def review(database: Database, *, actor: str = "valhalla") -> list[Moved]:
    """Make the moves that the evidence allows without a person: a script used for the first time is testing; promotions and
    retirements only where the policy is ``promotion.automatic``."""
    rules, snapshot = _known(database)
    found = moves(rules, snapshot, (), _pinned(database))
    if not found:
        return []
    with database.write(durable=True):
        return _apply(database, found, actor)


def pin(database: Database, which: str, *, reason: str, actor: str = "operator") -> list[Moved]:
    """Bring a script into use by hand and keep it there: evidence does not move it until it is unpinned. The gates as they stand
    are kept with the move."""
    with database.write(durable=True):
        script = find_script(database, which)
        verdict = _assess(*_known(database), script)
        evidence = [gate.to_json() for gate in verdict.gates]
        made = []
        used = _in_use(database, script)
        if used is not None and used.id != script.id:
            made.append(
                _move(
                    database,
                    used,
                    "secondary",
                    f"{script.title} was pinned: {reason}",
                    evidence,
                    actor,
                )
            )
        if script.state != "primary":
            made.append(_move(database, script, "primary", f"Pinned by hand: {reason}", evidence, actor))
        else:
            note_move(database, script.id, "primary", "primary", f"Pinned by hand: {reason}", evidence, actor)
        _pin(database, script, database.clock())
        return made


def unpin(database: Database, which: str, *, actor: str = "operator") -> Script:
    """Let evidence move the script again."""
    with database.write(durable=True):
        script = find_script(database, which)
        if script.pinned_at is None:
            raise UsageError(f"{script.title} is not pinned")
        _pin(database, script, None)
        note_move(database, script.id, script.state, script.state, "Unpinned by hand.", (), actor)
        return script


def retire(database: Database, which: str, *, reason: str, actor: str = "operator") -> Moved:
    """Take a script out of use by hand. The script in use cannot be retired before another has taken its place."""
    with database.write(durable=True):
        script = find_script(database, which)
        if script.state == "primary":
            raise UsageError(f"{script.title} is in use; promote or pin another script first")
        if script.state == "retired":
            raise UsageError(f"{script.title} is retired already")
        evidence = [gate.to_json() for gate in _assess(*_known(database), script).gates]
        return _move(database, script, "retired", f"Retired by hand: {reason}", evidence, actor)


def _known(database: Database) -> tuple[PromotionRules, Snapshot]:
    """What the outcomes say about scripts now."""
    _, policy = latest_policy(database)
    experiment, scripts = store.running_experiment(database), store.scripts(database)
    snapshot = learn(store.worked_leads(database), experiment, scripts, policy, database.clock())
    return compile_promotion(policy, snapshot), snapshot


def _assess(rules: PromotionRules, snapshot: Snapshot, script: Script) -> Verdict:
    if script.state == "primary":
        return Verdict(script, False, [], f"{script.title} is in use already.")
    arms = {} if snapshot.experiment is None else {
        rules.script_of[v.id]: rules.arms.get(v.id, Arm()) for v in snapshot.experiment.variants if v.id in rules.script_of
    }  # fmt: skip
    if script.id not in arms:
        return Verdict(
            script, False, [], f"{script.title} is in no running experiment, so nothing can be compared."
        )
    best = min((rules.scripts[each] for each in arms), key=lambda each: (_RANK[each.state], each.id))
    if best.id == script.id:
        return Verdict(script, False, [], f"{script.title} has nothing in use to be compared with.")
    gates = promotion_gates(arms[best.id], arms[script.id], *split(rules, snapshot), rules.settings, True)
    needs = [gate.shortfall for gate in gates if not gate.passed and gate.shortfall]
    if all(gate.passed for gate in gates):
        return Verdict(
            script, True, gates, f"Every gate is passed: {script.title} does better than {best.name}."
        )
    return Verdict(script, False, gates, f"Not yet: it still needs {', '.join(needs)}.")


def _in_use(database: Database, script: Script) -> Script | None:
    """The script that has the place which this one would take."""
    known = models.Script
    same_market = fn.coalesce(known.market, "") == (script.market or "")
    # There is at most one for each channel and market: a unique index holds it.
    query = selected().where(known.state == "primary", known.channel == script.channel, same_market)
    found: Script | None = query.first(database)
    return found


def _pinned(database: Database) -> Collection[int]:
    return {each.id for each in selected().where(models.Script.pinned_at.is_null(False)).execute(database)}


def _pin(database: Database, script: Script, at: int | None) -> None:
    models.Script.update(pinned_at=at).where(models.Script.id == script.id).execute(database)


def _apply(database: Database, found: list[Move], actor: str) -> list[Moved]:
    # Anyone who leaves the place in use goes first: there is one such place per channel and market.
    made: list[Moved] = []
    rising = [move for move in found if move.after == "primary"]
    slots = {_slot(find_script(database, str(move.script_id))) for move in rising}
    for move in sorted(found, key=lambda each: each.after == "primary"):
        script = find_script(database, str(move.script_id))
        if move.before == "primary" and _slot(script) not in slots:
            continue  # the winner is for another market; this one stays in use elsewhere
        if move.after == "primary":
            used = _in_use(database, script)
            if used is not None and used.id != script.id:
                made.append(
                    _move(
                        database,
                        used,
                        "secondary",
                        f"{script.title} took its place.",
                        _evidence(move),
                        actor,
                    )
                )
        made.append(_move(database, script, move.after, move.why, _evidence(move), actor))
    return made


def _slot(script: Script) -> tuple[str, str | None]:
    return script.channel, script.market


def _evidence(move: Move) -> list[dict[str, Any]]:
    return [gate.to_json() for gate in move.gates]


def _move(
    database: Database, script: Script, after: str, why: str, evidence: list[dict[str, Any]], actor: str
) -> Moved:
    set_state(database, script.id, after)
    note_move(database, script.id, script.state, after, why, evidence, actor)
    return Moved(script, script.state, after, why)
