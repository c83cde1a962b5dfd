"""Stage 2, script promotion: which script is used on a lead, and what it takes to change the one in use.

A challenger replaces the script in use only when every gate passes; the test behind it is valid at every look, because a
dashboard is looked at all day. The same gates, the other way round, retire a challenger or bring an old script back.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from valhalla.program.wording import several, share
from valhalla.scoring.stages import statistics
from valhalla.scoring.stages.gate import Gate, at_least
from valhalla.scoring.stages.lead import StageResult, StoredLead
from valhalla.scoring.stages.segment import Segment
from valhalla.scoring.stages.snapshot import Arm, Script, Snapshot

CONFIDENCE = 0.95
_RANK = {"primary": 0, "secondary": 1, "testing": 2, "experimental": 3}


@dataclass(frozen=True, slots=True)
class PromotionRules:
    """Scripts in use, compiled."""

    script_of: Mapping[int, int]
    """Script id by variant id, only of scripts that are not retired."""
    scripts: Mapping[int, Script]
    arms: Mapping[int, Arm]
    settings: Mapping[str, Any]


class Move(NamedTuple):
    """A change of state that the gates allow (or a person has asked for)."""

    script_id: int
    before: str
    after: str
    gates: list[Gate]
    why: str


def compile_promotion(policy: Mapping[str, Any], snapshot: Snapshot) -> PromotionRules:
    """What stage 2 needs of policy and snapshot."""
    scripts = {script.id: script for script in snapshot.scripts}
    script_of: dict[int, int] = {}
    if snapshot.experiment is not None:
        for variant in snapshot.experiment.variants:
            script = scripts.get(variant.script_id) if variant.script_id is not None else None
            if script is not None and script.state != "retired":
                script_of[variant.id] = script.id
    settings = {**policy["promotion"], **policy["assignment"]}
    return PromotionRules(script_of, scripts, dict(snapshot.arms), settings)


def primary_script(scripts: Sequence[Script], market: str | None, channel: str = "call") -> int | None:
    """The script for leads outside an experiment: the market's own before the general one, primary before secondary."""
    fit = [
        (script.market is None, _RANK[script.state], -script.version, script.id)
        for script in scripts
        if script.channel == channel and script.state in _RANK and script.market in (None, market)
    ]
    return min(fit)[3] if fit else None


def decide_promotion(variant_id: int | None, segment: Segment, rules: PromotionRules) -> int | None:
    """The script to use: the variant's own, else the market's primary one; None when there is no script."""
    if variant_id is None:
        return segment.script_id
    return rules.script_of.get(variant_id, segment.script_id)


def promotion_gates(
    champion: Arm,
    challenger: Arm,
    split_p: float,
    split_leads: int,
    settings: Mapping[str, Any],
    clicked: bool = False,
) -> list[Gate]:
    """Every gate between a challenger and the place of the script in use, with value and threshold.

    ``split_p`` and ``split_leads`` are the sample-ratio p and the leads it was computed from.
    """
    fewest = min(champion.matured, challenger.matured)
    conversions = champion.conversions + challenger.conversions
    a, b = (champion.conversions, champion.matured), (challenger.conversions, challenger.matured)
    p = statistics.always_valid_p(a, b, settings["smallest_effect"])
    lift = _rate(b) - _rate(a)
    days = min(champion.days, challenger.days)
    limit = settings["always_valid_p"]
    gates = [
        at_least("matured leads per script", fewest, settings["matured_leads"], "matured lead"),
        at_least("conversions", conversions, settings["conversions"], "conversion"),
        at_least("days", days, settings["days"], "day"),
    ]
    split_says = f"Leads are split as planned (p = {split_p:.4f})."
    split_short = None
    split_ok = split_leads < settings["sample_ratio_from"] or split_p >= settings["sample_ratio_alarm"]
    if not split_ok:
        split_says = f"Leads are not split as planned (p = {split_p:.2g}): find out why before trusting any comparison."
        split_short = "a sound split of leads"
    gates.append(
        Gate("split of leads", split_p, settings["sample_ratio_alarm"], split_ok, split_says, split_short)
    )
    better = p <= limit and lift > 0
    says = f"{share(_rate(b))} against {share(_rate(a))}: "
    if better:
        says += f"better, always-valid p = {p:.4f}."
    elif p <= limit:
        says += f"worse, always-valid p = {p:.4f}."
    else:
        says += f"no winner yet, always-valid p = {p:.3f} (needs {limit:g})."
    gates.append(
        Gate("always-valid p", p, limit, better, says, None if better else _more_leads(a, b, settings))
    )
    low = (
        statistics.wilson(challenger.opt_outs, challenger.matured, CONFIDENCE).low
        if challenger.matured
        else 0.0
    )
    allowed = _rate((champion.opt_outs, champion.matured)) + settings["opt_out_margin"]
    fine = low <= allowed
    gates.append(
        Gate(
            "opt-outs",
            low,
            allowed,
            fine,
            f"At least {share(low)} of its leads asked not to be contacted; {share(allowed)} would be allowed.",
            None if fine else "fewer opt-outs",
        )
    )
    gates.append(
        Gate(
            "a person's click",
            "given" if clicked else "open",
            "not needed" if settings["automatic"] else "needed",
            clicked or settings["automatic"],
            "A person confirmed the change." if clicked else "A person has to confirm the change.",
            None if clicked or settings["automatic"] else "a person's click",
        )
    )
    return gates


def moves(
    rules: PromotionRules, snapshot: Snapshot, clicked: Collection[int] = (), pinned: Collection[int] = ()
) -> list[Move]:
    """The changes of state that the evidence allows now, best first; ``pinned`` scripts are never moved by evidence.

    ``clicked`` holds the scripts whose promotion or retirement a person has confirmed.
    """
    experiment = snapshot.experiment
    if experiment is None:
        return []
    arms = {
        rules.script_of[v.id]: rules.arms.get(v.id, Arm())
        for v in experiment.variants
        if v.id in rules.script_of
    }
    scripts = [rules.scripts[script_id] for script_id in arms]
    if not scripts:
        return []
    found = [
        Move(s.id, s.state, "testing", [], f"{s.name} v{s.version} has been used on its first lead.")
        for s in scripts
        if s.state == "experimental" and arms[s.id].exposed > 0 and s.id not in pinned
    ]
    champion = min(scripts, key=lambda s: (_RANK[s.state], s.id))
    if champion.id in pinned:
        return found
    split_p, split_leads = split(rules, snapshot)
    for script in scripts:
        if script.id == champion.id or script.id in pinned:
            continue
        agreed = script.id in clicked
        up = promotion_gates(arms[champion.id], arms[script.id], split_p, split_leads, rules.settings, agreed)
        down = promotion_gates(
            arms[script.id], arms[champion.id], split_p, split_leads, rules.settings, agreed
        )
        name = f"{script.name} v{script.version}"
        if all(gate.passed for gate in up):
            found.append(
                Move(script.id, script.state, "primary", up, f"{name} did better than the script in use.")
            )
            why = f"{name} took its place."
            found.append(Move(champion.id, champion.state, "secondary", up, why))
            break
        if all(gate.passed for gate in down):
            found.append(
                Move(script.id, script.state, "retired", down, f"{name} did worse than the script in use.")
            )
    return found


def split(rules: PromotionRules, snapshot: Snapshot) -> tuple[float, int]:
    """(sample-ratio p, leads) of the running experiment, by exposed leads that were drawn with its weights of now."""
    if snapshot.experiment is None:
        return 1.0, 0
    variants = snapshot.experiment.variants
    arms = [rules.arms.get(variant.id, Arm()) for variant in variants]
    counts = [arm.exposed if arm.drawn is None else arm.drawn for arm in arms]
    return statistics.sample_ratio_p(counts, [variant.weight for variant in variants]), sum(counts)


def settled(rules: PromotionRules, snapshot: Snapshot) -> bool | None:
    """Whether the script in use has been proven against every other of the running experiment; None if none was compared."""
    if snapshot.experiment is None:
        return None
    ids = [variant.id for variant in snapshot.experiment.variants if variant.id in rules.script_of]
    if len(ids) < 2:
        return None
    first, *rest = sorted(ids, key=lambda variant_id: _rank_of(rules, variant_id))
    best = _counts(rules.arms.get(first))
    effect, limit = rules.settings["smallest_effect"], rules.settings["always_valid_p"]
    others = [_counts(rules.arms.get(variant_id)) for variant_id in rest]
    return all(
        statistics.always_valid_p(best, other, effect) <= limit and _rate(best) > _rate(other)
        for other in others
    )


def explain_promotion(
    lead: StoredLead, segment: Segment, rules: PromotionRules, snapshot: Snapshot, version: int
) -> StageResult:
    """Which script the lead gets and how far its challengers are."""
    at = lead.decision.decided_at
    variant_id = lead.decision.variant_id
    script_id = decide_promotion(variant_id, segment, rules)
    numbers: dict[str, Any] = {"script_id": script_id, "variant_id": variant_id}
    if script_id is None:
        reasons = ["There is no script for this lead yet."]
        return StageResult("promotion", "none", numbers, reasons, version, at)
    script = rules.scripts[script_id]
    title = f"{script.name} v{script.version}"
    numbers |= {
        "script": script.name,
        "script_version": script.version,
        "state": script.state,
        "channel": script.channel,
    }
    if variant_id is not None and rules.script_of.get(variant_id) == script_id:
        reasons = [f"{title} is the script of the lead's variant; its state is {script.state}."]
    else:
        reasons = [f"{title} is the {script.state} script for {script.market or 'every market'}."]
    arm = rules.arms.get(variant_id) if variant_id is not None else None
    others = [v for v in snapshot.experiment.variants if v.id != variant_id] if snapshot.experiment else []
    if arm is None or not others or variant_id is None:
        if variant_id is not None:
            reasons.append("No winner yet: no outcome has been recorded for this experiment.")
        return StageResult("promotion", title, numbers, reasons, version, at)
    interval = statistics.wilson(arm.conversions, arm.matured, CONFIDENCE)
    numbers |= {
        "matured": arm.matured,
        "conversions": arm.conversions,
        "rate_low_ppm": round(interval.low * 1_000_000),
        "rate_high_ppm": round(interval.high * 1_000_000),
    }
    reasons.append(
        f"It led to {several(arm.conversions, 'conversion')} on {several(arm.matured, 'matured lead')} "
        f"(95% sure: {share(round(interval.low, 4))} to {share(round(interval.high, 4))})."
    )
    champion_variant = min(others, key=lambda v: _rank_of(rules, v.id))
    mine, theirs = arm, rules.arms.get(champion_variant.id, Arm())
    if _rank_of(rules, variant_id) < _rank_of(rules, champion_variant.id):
        mine, theirs = theirs, mine
    split_p, split_leads = split(rules, snapshot)
    gates = promotion_gates(theirs, mine, split_p, split_leads, rules.settings)
    numbers["gates"] = [gate.to_json() for gate in gates]
    needs = [gate.shortfall for gate in gates if gate.shortfall]
    reasons.append(
        f"To change the script in use it still needs {', '.join(needs)}."
        if needs
        else "Every gate is passed."
    )
    return StageResult("promotion", title, numbers, reasons, version, at)


def _rank_of(rules: PromotionRules, variant_id: int) -> tuple[int, int]:
    script = rules.scripts.get(rules.script_of.get(variant_id, -1))
    return (_RANK.get(script.state, 9) if script else 9, variant_id)


def _counts(arm: Arm | None) -> tuple[int, int]:
    return (arm.conversions, arm.matured) if arm is not None else (0, 0)


def _rate(part: tuple[int, int]) -> float:
    return part[0] / part[1] if part[1] else 0.0


def _more_leads(a: tuple[int, int], b: tuple[int, int], settings: Mapping[str, Any]) -> str:
    if b[1] and a[1] and _rate(b) <= _rate(a):
        return "a better rate than the script in use"
    more = statistics.leads_to_decide(a, b, settings["smallest_effect"], settings["always_valid_p"])
    if more is None:
        return "more outcomes before anything can be said"
    rounded = max(50, -(-more // 50) * 50)
    return f"about {rounded:,} more leads per script to decide"
