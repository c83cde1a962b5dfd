"""Stage 1, A/B test tracking: which variant of the running experiment a lead belongs to.

bucket = blake2b-64(experiment id, US, experiment version, US, identity) mod 10000, numbers as decimal text, US = 0x1F, digest read
as a big-endian number. Variants take the buckets in the order of their ids, each up to its cumulative weight. The same
person gets the same variant on every machine and in every import; a change of weights is a new version, and a lead keeps
the variant it was given.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from valhalla.program.wording import percent, several
from valhalla.scoring.stages.lead import StageResult, StoredLead
from valhalla.scoring.stages.snapshot import Experiment, Variant

BUCKETS = 10_000


@dataclass(frozen=True, slots=True)
class AssignmentRules:
    """A running experiment, compiled: the variant of each bucket."""

    experiment: Experiment
    prefix: bytes
    hasher: blake2b
    """blake2b that has taken in ``prefix``; it is copied, never updated."""
    variant_of: tuple[int | None, ...]
    """By bucket; None is the holdout."""
    variants: Mapping[int, Variant]


def compile_assignment(policy: Mapping[str, Any], experiment: Experiment | None) -> AssignmentRules | None:
    """The rules of the running experiment, or None when no experiment can take leads."""
    if experiment is None:
        return None
    variants = sorted(experiment.variants, key=lambda variant: variant.id)
    whole = sum(variant.weight for variant in variants)
    if whole == 0:
        return None
    open_buckets = BUCKETS - round(policy["assignment"]["holdout_share"] * BUCKETS)
    table: list[int | None] = []
    taken = 0
    for variant in variants:
        taken += variant.weight
        end = open_buckets * taken // whole
        table += [variant.id] * (end - len(table))
    table += [None] * (BUCKETS - len(table))
    prefix = b"%d\x1f%d\x1f" % (experiment.id, experiment.version)
    hasher = blake2b(prefix, digest_size=8)
    return AssignmentRules(
        experiment, prefix, hasher, tuple(table), {variant.id: variant for variant in variants}
    )


def decide_assignment(identity: int, kept: int | None, rules: AssignmentRules) -> tuple[int | None, int]:
    """(variant id, bucket) of a lead; ``kept`` is the variant it already has, which it keeps while the experiment runs."""
    hasher = rules.hasher.copy()
    hasher.update(b"%d" % identity)
    bucket = int.from_bytes(hasher.digest(), "big") % BUCKETS
    if kept is not None and kept in rules.variants:
        return kept, bucket
    return rules.variant_of[bucket], bucket


def explain_assignment(lead: StoredLead, rules: AssignmentRules | None, version: int) -> StageResult:
    """Why the lead has its variant, worked out again from its identity, or that of its owner, where that is known."""
    at = lead.decision.decided_at
    drawn_by = lead.identity if lead.person is None else lead.person
    if rules is None:
        reasons = ["No experiment is running, so the lead is in none."]
        return StageResult("assignment", "none", {"experiment": None}, reasons, version, at)
    experiment = rules.experiment
    title = f"{experiment.name} v{experiment.version}"
    numbers: dict[str, Any] = {
        "experiment_id": experiment.id,
        "experiment": experiment.name,
        "experiment_version": experiment.version,
        "identity": drawn_by,
        "weights": {variant.name: variant.weight for variant in rules.variants.values()},
    }
    if lead.suppressed is not None:
        reasons = [f"The lead is not to be contacted ({lead.suppressed}), so it takes part in no experiment."]
        return StageResult("assignment", "none", numbers, reasons, version, at)
    variant_id, bucket = decide_assignment(drawn_by, lead.decision.variant_id, rules)
    drawn = rules.variant_of[bucket]
    numbers |= {"bucket": bucket, "buckets": BUCKETS, "variant_id": variant_id}
    if variant_id is None:
        reasons = [f"Bucket {bucket} of {BUCKETS} is held out of the experiment {title}."]
        return StageResult("assignment", "holdout", numbers, reasons, version, at)
    variant = rules.variants[variant_id]
    first = rules.variant_of.index(variant_id) if variant_id in rules.variant_of else None
    width = rules.variant_of.count(variant_id)
    numbers |= {"variant": variant.name, "probability_ppm": width * 1_000_000 // BUCKETS}
    reasons = [f"Experiment {title}: variant {variant.name}, which gets {percent(width * 100)} of the leads."]
    if drawn == variant_id and first is not None:
        reasons.append(
            f"The lead's identity falls in bucket {bucket}; variant {variant.name} has the buckets "
            f"{first} to {first + width - 1} of {several(BUCKETS, 'bucket')}."
        )
    else:
        reasons.append(
            f"The lead already had variant {variant.name} and keeps it, whatever the weights are now."
        )
    reasons.append("The same person always gets the same variant, in every list and every import.")
    return StageResult("assignment", variant.name, numbers, reasons, version, at)
