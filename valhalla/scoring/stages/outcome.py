"""Stage 4, outcome evaluation: how likely a lead closes and what calling it is worth.

Rates are shrunk in steps: all leads toward the policy's prior, a source toward all leads, a source in a market toward the source, each
step weighing ``pseudo_leads`` leads. Expected value = probability x gain - cost of working the lead. While no outcome has
been recorded the answer is "unknown". Everything is exact rational arithmetic, rounded once, to parts per million.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from valhalla.program.wording import money, percent, several, share
from valhalla.scoring.stages import statistics
from valhalla.scoring.stages.lead import StageResult, StoredLead
from valhalla.scoring.stages.segment import Segment
from valhalla.scoring.stages.snapshot import Estimate, Snapshot, Tally

PPM = 1_000_000
NOTHING = Tally(0, 0)


@dataclass(frozen=True, slots=True)
class OutcomeRules:
    """What stage 4 needs of policy and snapshot and is the same for every lead; money in cents."""

    gain_from_spread: bool
    gain_cap: int
    prior: Fraction
    weight: int
    total: Tally
    sources: Mapping[str, Tally]
    segments: Mapping[tuple[str, str], Tally]
    deals: int
    fees: int
    pseudo_deals: int
    prior_alone: bool
    shown_from: int = 0
    """Worked leads from which a rate is said; 0 by formula 1, which says it from the first on."""


def compile_outcome(policy: Mapping[str, Any], snapshot: Snapshot) -> OutcomeRules:
    """What stage 4 needs of policy and snapshot."""
    settings = policy["outcome"]
    tallies = [tally for _, tally in snapshot.sources]
    return OutcomeRules(
        settings["gain"] == "spread",
        settings["gain_cap"] * 100,
        Fraction(round(settings["prior"] * PPM), PPM),
        settings["pseudo_leads"],
        Tally(sum(t.worked for t in tallies), sum(t.closes for t in tallies)),
        dict(snapshot.sources),
        {(source, market): tally for source, market, tally in snapshot.segments},
        snapshot.deals,
        snapshot.fees,
        settings["pseudo_deals"],
        settings["prior_alone"],
        settings.get("shown_from", 0),
    )


def estimate(source: str, market: str | None, rules: OutcomeRules) -> Estimate:
    """The probability to close for leads of a source in a market."""
    mine = rules.sources.get(source, NOTHING)
    here = rules.segments.get((source, market), NOTHING) if market is not None else NOTHING
    least = max(1, rules.shown_from)
    if rules.total.worked < least:
        p = round(rules.prior * PPM) if rules.prior_alone else None
        return Estimate(p, "assumption" if rules.prior_alone else "none", rules.total, mine, here)
    won, lost = posterior(mine, here, rules)
    basis = "source and market" if here.worked >= least else "source" if mine.worked >= least else "all leads"
    return Estimate(round(won / (won + lost) * PPM), basis, rules.total, mine, here)


def posterior(mine: Tally, here: Tally, rules: OutcomeRules) -> tuple[Fraction, Fraction]:
    """What is known of the rate of a source (``mine``) in a market (``here``): a beta distribution's (a, b). Its mean is the
    probability to close."""
    rate = rules.prior
    won, lost = rules.weight * rate, rules.weight * (1 - rate)
    for tally in (rules.total, mine, here):
        won = tally.closes + rules.weight * rate
        lost = tally.worked - tally.closes + rules.weight * (1 - rate)
        rate = won / (won + lost)
    return won, lost


def estimate_of_all(rules: OutcomeRules) -> int | None:
    """The probability to close of all leads, parts per million; None while no outcome is known."""
    if rules.total.worked == 0:
        return None
    return round(
        (rules.total.closes + rules.weight * rules.prior) / (rules.total.worked + rules.weight) * PPM
    )


def mean_fee(fee: int, rules: OutcomeRules) -> int:
    """The fee a close earns: the mean of recorded fees, shrunk to the configured ``fee`` by ``pseudo_deals`` deals; cents."""
    return (rules.fees + rules.pseudo_deals * fee) // (rules.deals + rules.pseudo_deals)


def gain(spread: int | None, segment: Segment, rules: OutcomeRules) -> int:
    """What a close of this lead earns, cents: spread + fee where the spread is known, else the mean fee; 0 to the cap."""
    earns = segment.gain if spread is None or not rules.gain_from_spread else spread + segment.fee
    return 0 if earns < 0 else min(earns, rules.gain_cap)


def decide_outcome(spread: int | None, segment: Segment, rules: OutcomeRules) -> int | None:
    """The expected value of working the lead, cents rounded down; None while the probability is unknown."""
    p = segment.p_close
    if p is None:
        return None
    return p * gain(spread, segment, rules) // PPM - segment.cost


def explain_outcome(
    lead: StoredLead, spread: int | None, segment: Segment, rules: OutcomeRules, version: int
) -> StageResult:
    """How likely the lead closes, on what basis, and what that is worth."""
    at = lead.decision.decided_at
    found = segment.estimate
    numbers: dict[str, Any] = {
        "p_close_ppm": found.p,
        "basis": found.basis,
        "all_leads": list(found.total),
        "source_leads": list(found.source),
        "source_and_market_leads": list(found.segment),
        "prior_ppm": round(rules.prior * PPM),
        "pseudo_leads": rules.weight,
    }
    if found.p is None and rules.shown_from and rules.total.worked:
        reasons = [
            (
                f"Unknown: {several(rules.total.worked, 'lead')} {'has' if rules.total.worked == 1 else 'have'} been worked so far; a "
                f"rate is said from {rules.shown_from} on."
            )
        ]
        return StageResult("outcome", "unknown", numbers, reasons, version, at)
    if found.p is None:
        reasons = [
            "Unknown: no outcome has been recorded yet. Record what came of your calls and this fills in."
        ]
        return StageResult("outcome", "unknown", numbers, reasons, version, at)
    earns, value = gain(spread, segment, rules), decide_outcome(spread, segment, rules)
    numbers |= {"gain_cents": earns, "cost_cents": segment.cost, "expected_value_cents": value}
    reasons = [_basis(lead, found, rules.shown_from)]
    if spread is not None and rules.gain_from_spread:
        says = f"A close would earn {money(earns)} (spread {money(spread)} + fee {money(segment.fee)}, from 0 to "
        reasons.append(f"{says}{money(rules.gain_cap)}).")
    elif rules.deals:
        seen = several(rules.deals, "recorded deal")
        reasons.append(
            f"A close would earn {money(earns)}, the mean of {seen} and {rules.pseudo_deals} at {money(segment.fee)}."
        )
    else:
        reasons.append(
            f"A close is taken to earn {money(earns)}, the fee of the policy: no fee has been recorded yet."
        )
    worked = found.segment if found.segment.worked else found.source if found.source.worked else found.total
    if worked.worked and rules.shown_from:
        won, lost = posterior(found.source, found.segment, rules)
        interval = statistics.beta_interval(float(won), float(lost))
        # Where nearly nothing closes, the mean lies beyond nearly all of the distribution.
        interval = interval._replace(high=max(interval.high, float(won / (won + lost))))
        numbers |= {"low_ppm": round(interval.low * PPM), "high_ppm": round(interval.high * PPM)}
        reasons.append(
            f"95% sure that the true rate is between {share(round(interval.low, 4))} and {share(round(interval.high, 4))}."
        )
    elif worked.worked:
        interval = statistics.wilson(worked.closes, worked.worked)
        numbers |= {"low_ppm": round(interval.low * PPM), "high_ppm": round(interval.high * PPM)}
        reasons.append(
            f"95% sure that the true rate is between {share(round(interval.low, 4))} and {share(round(interval.high, 4))}."
        )
    reasons.append(
        f"Expected value = {percent(found.p)} x {money(earns)} - {money(segment.cost)} for working the lead = {money(value or 0)}."
    )
    return StageResult("outcome", percent(found.p), numbers, reasons, version, at)


def _basis(lead: StoredLead, found: Estimate, shown_from: int) -> str:
    p = percent(found.p or 0)
    if found.basis == "assumption":
        return f"{p} is an assumption of the policy: no outcome has been recorded yet."
    if found.basis == "all leads" and shown_from and found.source.worked:
        few = several(found.source.worked, "worked lead")
        return f"{p}: source {lead.source} has only {few}, so this is the rate of all leads ({_of(found.total)}), shrunk."
    if found.basis == "all leads":
        return f"{p}: source {lead.source} has no outcomes yet, so this is the rate of all leads ({_of(found.total)}), shrunk."
    if found.basis == "source":
        return f"{p}: source {lead.source} closed {_of(found.source)}, shrunk toward the rate of all leads."
    return f"{p}: source {lead.source} in {lead.market} closed {_of(found.segment)}, shrunk toward the rate of the source."


def _of(tally: Tally) -> str:
    return f"{tally.closes:,} of {several(tally.worked, 'worked lead')}"
