"""What an experiment has shown so far, counted from recorded outcomes and from nothing else."""

from __future__ import annotations

import json
from typing import Any

from db import Database
from db.clock import iso
from db.orm import fn
from valhalla.program.wording import several, share
from valhalla.scoring import models, store
from valhalla.scoring.experiments import Found, every, find, variants
from valhalla.scoring.lead_model import Lead
from valhalla.scoring.stages import statistics
from valhalla.scoring.stages.gate import Gate
from valhalla.scoring.stages.learning import learn
from valhalla.scoring.stages.promotion import CONFIDENCE, compile_promotion, promotion_gates, split
from valhalla.scoring.stages.snapshot import Arm, Snapshot
from valhalla.scoring.store import latest_policy

SHOWN_FROM = 20
"""Matured leads from which a variant's rate is said, where the policy does not say: below it, it says more of chance."""

_RANK = {"primary": 0, "secondary": 1, "testing": 2, "experimental": 3, "retired": 4}


def all_experiments(database: Database) -> list[dict[str, Any]]:
    """Every experiment with its variants, the running one first."""
    return [_head(database, found) for found in every(database)]


def results(database: Database, name: str) -> dict[str, Any]:
    """One experiment with counts, intervals, the check of the split, and the verdict."""
    found = find(database, name)
    version, policy = latest_policy(database)
    snapshot = knowledge(database, found, policy)
    rules = compile_promotion(policy, snapshot)
    experiment = snapshot.experiment
    assert experiment is not None
    arms = dict(snapshot.arms)
    assigned = drawn(database)
    summary = _head(database, found)
    least = max(1, policy["outcome"].get("shown_from", SHOWN_FROM))
    for variant in summary["variants"]:
        arm = arms.get(variant["id"], Arm())
        shown = arm.matured >= least
        interval = statistics.wilson(arm.conversions, arm.matured, CONFIDENCE) if shown else None
        variant |= {
            "assigned": assigned.get(variant["id"], 0),
            "exposed": arm.exposed,
            "matured": arm.matured,
            "shown_from": least,
            "conversions": arm.conversions,
            "rate": arm.conversions / arm.matured if shown else None,
            "low": interval.low if interval else None,
            "high": interval.high if interval else None,
            "opt_outs": arm.opt_outs,
            "days": arm.days,
        }
    split_p, split_leads = split(rules, snapshot)
    enough = split_leads >= policy["assignment"]["sample_ratio_from"]
    summary["split"] = {
        "p": split_p if enough else None,
        "leads": split_leads,
        "ok": split_p >= policy["assignment"]["sample_ratio_alarm"] if enough else None,
    }
    summary["comparisons"] = _comparisons(
        summary["variants"], arms, split_p, split_leads, rules.settings, least
    )
    summary["verdict"] = verdict(summary)
    summary["policy_version"] = version
    return summary


def drawn(database: Database) -> dict[int, int]:
    """How many leads have each variant, by its number. A scan of the leads."""
    query = Lead.select(Lead.variant_id, fn.count()).where(Lead.variant_id.is_null(False))
    return dict(query.group_by(Lead.variant_id).tuples().execute(database))


def knowledge(database: Database, found: Found, policy: dict[str, Any]) -> Snapshot:
    """What outcomes say about this experiment, whether it runs or not. Nothing is stored."""
    experiment = store.experiment(database, found.id, found.name, found.version, found.metric)
    return learn(store.worked_leads(database), experiment, store.scripts(database), policy, database.clock())


def verdict(summary: dict[str, Any]) -> str:
    """The result in one sentence; "no winner yet" is one."""
    if summary["split"]["ok"] is False:
        return "Leads are not split as planned: find out why before trusting any comparison."
    if not any(variant["exposed"] for variant in summary["variants"]):
        return "No winner yet: no outcome has been recorded for its leads."
    for comparison in summary["comparisons"]:
        if comparison["winner"]:
            return f"{comparison['winner']} is better (always-valid p = {comparison['p']:.4f})."
    needs = [comparison["needs"] for comparison in summary["comparisons"] if comparison["needs"]]
    return "No winner yet" + (f": it takes {needs[0]}." if needs else ".")


def _comparisons(
    variants: list[dict[str, Any]],
    arms: dict[int, Arm],
    split_p: float,
    split_leads: int,
    settings: Any,
    least: int,
) -> list[dict[str, Any]]:
    """Each other variant against the one in use (of channels: against the first)."""
    first, *others = sorted(variants, key=lambda v: (_RANK.get(v["state"] or "", 0), v["id"]))
    mine = arms.get(first["id"], Arm())
    found = []
    for other in others:
        theirs = arms.get(other["id"], Arm())
        gates = promotion_gates(mine, theirs, split_p, split_leads, settings)
        a, b = (mine.conversions, mine.matured), (theirs.conversions, theirs.matured)
        p = statistics.always_valid_p(a, b, settings["smallest_effect"])
        rates = [x[0] / x[1] if x[1] else 0.0 for x in (a, b)]
        decided = p <= settings["always_valid_p"] and rates[0] != rates[1]
        winner = (other if rates[1] > rates[0] else first)["name"] if decided else None
        found.append(
            {
                "against": first["name"],
                "variant": other["name"],
                "p": p,
                "winner": winner,
                "needs": None if winner else _more(a, b, settings),
                "gates": [gate_json(gate) for gate in gates],
                "chance_better": statistics.probability_b_beats_a(a, b) if min(a[1], b[1]) >= least else None,
            }
        )
    return found


def _more(a: tuple[int, int], b: tuple[int, int], settings: Any) -> str:
    more = statistics.leads_to_decide(a, b, settings["smallest_effect"], settings["always_valid_p"])
    if more is None:
        return "more outcomes before anything can be said"
    return f"about {several(max(50, -(-more // 50) * 50), 'more lead')} per variant if the rates stay as they are"


def gate_json(gate: Gate) -> dict[str, Any]:
    """A gate with its finding and what is missing."""
    return {**gate.to_json(), "says": gate.says, "shortfall": gate.shortfall}


def rate_text(variant: dict[str, Any]) -> str:
    """``4.5% (3.1% to 6.5%)``, or that too little is known to say one."""
    if variant["rate"] is None:
        return "too few" if variant["matured"] else "unknown"
    low, high = (share(round(variant[end], 4)) for end in ("low", "high"))
    return f"{share(round(variant['rate'], 4))} ({low} to {high})"


def _head(database: Database, found: Found) -> dict[str, Any]:
    epoch = models.ExperimentEpoch
    epochs = epoch.select().where(epoch.experiment_id == found.id).order_by(epoch.version)
    return {
        "id": found.id,
        "name": found.name,
        "version": found.version,
        "kind": found.kind,
        "state": found.state,
        "metric": found.metric,
        "started_at": iso(found.started_at) if found.started_at else None,
        "stopped_at": iso(found.stopped_at) if found.stopped_at else None,
        "variants": [
            {"id": each.id, "name": each.name, "weight": each.weight, "script_id": each.script_id,
             "script": f"{each.script} v{each.script_version}" if each.script else None, "state": each.state}
            for each in variants(database, found.id)
        ],
        "epochs": [
            {"version": each.version, "weights": json.loads(each.weights), "started_at": iso(each.started_at)}
            for each in epochs.execute(database)
        ],
    }  # fmt: skip
