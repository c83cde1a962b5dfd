"""Stage 5, clone readiness: is what was done in a market proven enough to copy it elsewhere?

READY when every gate passes. INSUFFICIENT DATA when too few leads have matured to say anything. NOT YET otherwise, with the shortfall. A
gate that cannot be measured is named and never counts as passed; only the comparison with a target market is left out while
no target is named.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from valhalla.program.wording import listed, money, several, share
from valhalla.scoring.stages import statistics
from valhalla.scoring.stages.gate import Gate, Readiness, at_least
from valhalla.scoring.stages.lead import StageResult, StoredLead
from valhalla.scoring.stages.snapshot import Month, Play

LARGEST_SOURCE = "largest source"
LARGEST_REP = "largest rep"


def readiness(
    play: Play,
    settings: Mapping[str, Any],
    cost: int,
    data_quality: int | None,
    settled: bool | None,
    *,
    for_target: bool = False,
    of_source: bool = False,
) -> Readiness:
    """Every gate of a play.

    ``settings`` is the policy's section ``clone``; ``cost`` is what working one lead costs, cents; ``data_quality`` is in parts
    per million; ``settled`` says whether the script in use has won its place. None: not measured. ``for_target``: a target market is named, so that
    a similarity that is not known is a gate that cannot be measured. ``of_source``: the play is one source, so that its share of
    the closes says nothing.
    """
    matured, closes = play.matured, play.closes
    gates = [
        at_least("matured leads", matured, settings["matured_leads"], "matured lead"),
        at_least("closes", closes, settings["closes"], "close"),
        at_least("months", sum(1 for m in play.months if m.matured), settings["months"], "month"),
        _same_rate(play.months, closes, settings),
        _same_fee(play.months, settings),
        _profit(play, settings, cost),
        _concentration(LARGEST_SOURCE, play.sources, closes, settings["largest_source"], "source"),
        _concentration(LARGEST_REP, play.reps, closes, settings["largest_rep"], "person"),
        _quality(data_quality, settings),
        _script(settled),
    ]
    if of_source:
        gates = [gate for gate in gates if gate.name != LARGEST_SOURCE]
    if for_target or play.similarity is not None:
        gates.append(_similar(play.similarity, settings))
    if all(gate.passed for gate in gates):
        state = "READY"
    elif matured < settings["some_leads"] or closes == 0:
        state = "INSUFFICIENT DATA"
    else:
        state = "NOT YET"
    return Readiness(state, tuple(gates))


def without_rep(found: Readiness) -> Readiness:
    """The same where one person does all the work: that no close came from anybody else says nothing then."""
    gates = tuple(gate for gate in found.gates if gate.name != LARGEST_REP)
    state = "READY" if all(gate.passed for gate in gates) else found.state
    return Readiness(state, gates)


def decide_clone(market: str | None, by_market: Mapping[str, Readiness], nothing: Readiness) -> Readiness:
    """The readiness of a lead's market; ``nothing`` for a market without outcomes or a lead without a market."""
    return nothing if market is None else by_market.get(market, nothing)


def explain_clone(lead: StoredLead, found: Readiness, version: int) -> StageResult:
    """How far the lead's market is from being a model for others."""
    numbers: dict[str, Any] = {
        "market": lead.market,
        "passed": found.passed,
        "measurable": found.measurable,
        "gates": [gate.to_json() for gate in found.gates],
        "unmeasured": found.unmeasured,
    }
    at = lead.decision.decided_at
    where = lead.market or "a lead without a recognisable market"
    if found.state == "READY":
        reasons = [f"{where} passes every gate: what works there can be copied."]
        return StageResult("clone", found.state, numbers, reasons, version, at)
    if found.state == "INSUFFICIENT DATA":
        reasons = [
            f"Too few outcomes in {where} to say anything."
            if lead.market
            else "The lead's market is not recognisable."
        ]
    else:
        reasons = [f"{where} passes {found.passed} of {several(found.measurable, 'measurable gate')}."]
    if found.shortfall:
        reasons.append(f"It needs {listed(found.shortfall)}.")
    if found.unmeasured:
        reasons.append(f"Cannot be measured yet: {listed(found.unmeasured)}.")
    return StageResult("clone", found.state, numbers, reasons, version, at)


def _same_rate(months: tuple[Month, ...], closes: int, settings: Mapping[str, Any]) -> Gate:
    name, limit = "same close rate every month", settings["homogeneity_p"]
    live = [(m.closes, m.matured) for m in months if m.matured]
    if len(live) < 2 or closes == 0:
        return Gate(name, None, limit, None, "There are too few months with closes to compare.")
    p = statistics.homogeneity_p(live)
    fine = p > limit
    says = f"The close rates of {several(len(live), 'month')} {'agree' if fine else 'differ'} (p = {p:.3f})."
    return Gate(name, p, limit, fine, says, None if fine else "steadier close rates")


def _same_fee(months: tuple[Month, ...], settings: Mapping[str, Any]) -> Gate:
    name, limit = "steady fee per lead", settings["fee_variation"]
    fees = [m.fees / m.matured for m in months if m.matured]
    if len(fees) < 2 or not any(fees):
        return Gate(name, None, limit, None, "There are too few months with recorded fees to compare.")
    mean = math.fsum(fees) / len(fees)
    variation = math.sqrt(math.fsum((fee - mean) ** 2 for fee in fees) / (len(fees) - 1)) / mean
    fine = variation <= limit
    says = f"The fee per lead varies by {share(round(variation, 4))} from month to month."
    return Gate(name, variation, limit, fine, says, None if fine else "steadier fees")


def _profit(play: Play, settings: Mapping[str, Any], cost: int) -> Gate:
    name = "profit on the low side"
    if play.paid == 0 or play.matured == 0:
        return Gate(name, None, cost, None, "No fee has been recorded.")
    low = statistics.wilson(play.closes, play.matured, settings["confidence"]).low
    fee = play.fees // play.paid
    earns = math.floor(low * fee)
    fine = earns > cost
    says = f"Even at the low side a lead earns {money(earns)} and costs {money(cost)}."
    return Gate(name, earns, cost, fine, says, None if fine else "more closes or a lower cost per lead")


def _concentration(
    name: str, counts: tuple[tuple[str, int], ...], closes: int, limit: float, what: str
) -> Gate:
    if closes == 0 or not counts:
        return Gate(name, None, limit, None, "There are no closes.")
    most, count = max(counts, key=lambda pair: (pair[1], pair[0]))
    part = count / closes
    fine = part <= limit
    says = f"{most} brought {share(round(part, 4))} of the closes."
    return Gate(name, part, limit, fine, says, None if fine else f"closes from more than one {what}")


def _quality(data_quality: int | None, settings: Mapping[str, Any]) -> Gate:
    limit = settings["data_quality"]
    if data_quality is None:
        return Gate("data quality", None, limit, None, "Data quality was not measured.")
    part = data_quality / 1_000_000
    fine = part >= limit
    says = f"Data quality is {share(part)}."
    return Gate("data quality", part, limit, fine, says, None if fine else "better data")


def _script(settled: bool | None) -> Gate:
    if settled is None:
        return Gate("settled script", None, "settled", None, "No scripts have been compared.")
    says = (
        "The script in use has won its place."
        if settled
        else "The script in use has not been proven against another."
    )
    return Gate(
        "settled script",
        "settled" if settled else "open",
        "settled",
        settled,
        says,
        None if settled else "a settled script",
    )


def _similar(similarity: int | None, settings: Mapping[str, Any]) -> Gate:
    limit = settings["similarity"]
    if similarity is None:
        return Gate("similar target market", None, limit, None, "There are too few leads to compare.")
    value = similarity / 1_000_000
    fine = value < limit
    says = f"The target market differs by a stability index of {value:.2f}."
    return Gate(
        "similar target market", value, limit, fine, says, None if fine else "a more similar target market"
    )
