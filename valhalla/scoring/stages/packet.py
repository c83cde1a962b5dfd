"""Stage 3, deal packet: what can be offered, and what is missing to say so.

MAO = ARV * share - repairs - fee, rounded down to the cent ("70% rule"); in the cost model the share is 1 - selling - profit, and
holding and closing are taken off too. Spread = MAO - asking price. Nothing is invented: without an ARV there is no MAO, and
repairs worked out from square feet and condition are marked as assumed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from valhalla.program.wording import listed, money, percent, share
from valhalla.scoring.stages.lead import StageResult, StoredLead
from valhalla.scoring.stages.segment import Segment

PPM = 1_000_000
HUNDRED = 100_00
"""What offers are rounded to, cents."""


@dataclass(frozen=True, slots=True)
class PacketRules:
    """What stage 3 needs of the policy and is the same for every lead; money in cents."""

    cost_model: bool
    value_is_arv: bool
    arv_from_value: bool
    """Take the value for a missing ARV."""
    per_foot: Mapping[str, int]
    """Repairs per square foot by the list's word for the condition, the middle of its tier."""
    tier_of: Mapping[str, str]
    settings: Mapping[str, Any]


class Figures(NamedTuple):
    """The numbers of a packet; None is missing, cents."""

    status: str
    mao: int | None
    spread: int | None
    asking: int | None
    arv: int | None
    repairs: int | None


def compile_packet(policy: Mapping[str, Any]) -> PacketRules:
    """What stage 3 needs of a policy."""
    settings = policy["packet"]
    tiers = settings["condition"]
    per_foot = {word: (tier["low"] + tier["high"]) * 50 for tier in tiers.values() for word in tier["words"]}
    tier_of = {word: name for name, tier in tiers.items() for word in tier["words"]}
    value_is_arv = settings["value_means"] == "arv"
    return PacketRules(
        settings["model"] == "costs",
        value_is_arv,
        value_is_arv or settings["assume_arv"],
        per_foot,
        tier_of,
        settings,
    )


def packet_terms(policy: Mapping[str, Any], market: Mapping[str, Any]) -> tuple[int, int, int]:
    """(share of ARV in ppm, fixed cents, fee in cents) for leads of a market with these rules of its own."""
    settings = policy["packet"]
    fee = market.get("fee", settings["fee"]) * 100
    if settings["model"] == "costs":
        left = PPM - round(settings["selling_share"] * PPM) - round(settings["profit_share"] * PPM)
        return left, fee + (settings["holding"] + settings["closing"]) * 100, fee
    return round(market.get("arv_share", settings["arv_share"]) * PPM), fee, fee


def decide_packet(
    value: int | None,
    arv: int | None,
    repairs: int | None,
    sqft: int | None,
    condition: str | None,
    address: str | None,
    reachable: bool,
    segment: Segment,
    rules: PacketRules,
) -> tuple[str, int | None, int | None, int | None, int | None, int | None]:
    """The fields of :class:`Figures` as a plain tuple."""
    assumed = False
    if repairs is None and sqft is not None and condition is not None:
        per_foot = rules.per_foot.get(condition)
        if per_foot is not None:
            repairs = sqft * per_foot
            assumed = True
    if arv is None and value is not None and rules.arv_from_value:
        arv = value
        assumed = assumed or not rules.value_is_arv
    asking = None if rules.value_is_arv else value
    if arv is None or repairs is None:
        return "INCOMPLETE", None, None, asking, arv, repairs
    mao = arv * segment.arv_share // PPM - repairs - segment.fixed
    spread = None if asking is None else mao - asking
    if mao <= 0:
        status = "NEGATIVE"
    elif spread is not None and spread < 0:
        status = "OVER"
    elif address is None or not reachable:
        status = "INCOMPLETE"
    else:
        status = "ESTIMATED" if assumed else "READY"
    return status, mao, spread, asking, arv, repairs


def figures(lead: StoredLead, segment: Segment, rules: PacketRules) -> Figures:
    """The packet's numbers for a stored lead, by the same code as in an import."""
    reachable = lead.phone_key is not None or lead.email is not None
    return Figures(
        *decide_packet(
            lead.value,
            lead.arv,
            lead.repairs,
            lead.sqft,
            lead.condition,
            lead.address,
            reachable,
            segment,
            rules,
        )
    )


def buyer_price(found: Figures, segment: Segment) -> int | None:
    """The most an end buyer pays, cents: MAO + fee; None while there is no MAO."""
    return None if found.mao is None else found.mao + segment.fee


def rounded(amount: int) -> int:
    """An amount as it is said to somebody: down to $100, and to the dollar where that is less."""
    return amount // HUNDRED * HUNDRED if amount >= HUNDRED else amount // 100 * 100


def offers(found: Figures, opening_share: float) -> tuple[int, int] | None:
    """The opening offer and the most to go up to, in round figures, never above the asking price; None when no offer works."""
    if found.mao is None or found.mao <= 0:
        return None
    most = found.mao if found.asking is None else min(found.mao, found.asking)
    opening = min(found.mao * round(opening_share * PPM) // PPM, most)
    return rounded(opening), rounded(most)


def missing(lead: StoredLead, found: Figures) -> list[str]:
    """What the packet still needs, in words."""
    needs = []
    if found.arv is None:
        needs.append("the ARV")
    if found.repairs is None:
        needs.append("the cost of repairs (or square feet and condition)")
    if lead.address is None:
        needs.append("the address")
    if lead.phone_key is None and lead.email is None:
        needs.append("a phone number or e-mail address")
    return needs


def assumptions(lead: StoredLead, found: Figures, rules: PacketRules) -> list[str]:
    """What was assumed and not given, one sentence each."""
    notes = []
    if (
        lead.repairs is None
        and found.repairs is not None
        and lead.sqft is not None
        and lead.condition is not None
    ):
        tier = rules.settings["condition"][rules.tier_of[lead.condition]]
        notes.append(
            f"Repairs are assumed: {lead.sqft:,} square feet at {money(rules.per_foot[lead.condition])}, the middle of "
            f'${tier["low"]} to ${tier["high"]} for condition "{lead.condition}".'
        )
    if lead.arv is None and found.arv is not None:
        if rules.value_is_arv:
            notes.append("The list's value is read as the ARV, as the policy says.")
        else:
            notes.append("The ARV is assumed to be the list's value, as the policy allows.")
    return notes


def formula(found: Figures, segment: Segment, rules: PacketRules) -> str | None:
    """The MAO with its numbers put in, or None when it is unknown."""
    if found.mao is None or found.arv is None or found.repairs is None:
        return None
    if not rules.cost_model:
        return (
            f"MAO = ARV {money(found.arv)} x {percent(segment.arv_share)} - repairs {money(found.repairs)} "
            f"- fee {money(segment.fee)} = {money(found.mao)}"
        )
    settings = rules.settings
    return (
        f"MAO = ARV {money(found.arv)} x (100% - selling {share(settings['selling_share'])} - profit "
        f"{share(settings['profit_share'])}) - repairs {money(found.repairs)} - holding {money(settings['holding'] * 100)} "
        f"- closing {money(settings['closing'] * 100)} - fee {money(segment.fee)} = {money(found.mao)}"
    )


def explain_packet(lead: StoredLead, segment: Segment, rules: PacketRules, version: int) -> StageResult:
    """What can be offered and why, with the numbers put into the formula."""
    found = figures(lead, segment, rules)
    needs, notes = missing(lead, found), assumptions(lead, found, rules)
    numbers: dict[str, Any] = {
        "asking_cents": found.asking,
        "arv_cents": found.arv,
        "repairs_cents": found.repairs,
        "arv_share_ppm": segment.arv_share,
        "fee_cents": segment.fee,
        "fixed_cents": segment.fixed,
        "mao_cents": found.mao,
        "spread_cents": found.spread,
        "missing": needs,
        "assumptions": notes,
    }
    reasons: list[str] = []
    buyer = buyer_price(found, segment)
    if found.mao is None or found.arv is None or buyer is None:
        reasons.append(
            f"No offer can be worked out yet: {listed(needs)} {'is' if len(needs) == 1 else 'are'} missing."
        )
        return StageResult(
            "packet", found.status, numbers, reasons + notes, version, lead.decision.decided_at
        )
    numbers |= {
        "offer_low_cents": max(0, found.mao * round(rules.settings["opening_share"] * PPM) // PPM),
        "offer_high_cents": max(0, found.mao),
        "buyer_price_cents": buyer,
        "buyer_share_ppm": buyer * PPM // found.arv if found.arv else None,
    }
    if found.asking is not None:
        numbers["most_fee_at_asking_cents"] = found.mao + segment.fee - found.asking
        numbers["equity_cents"] = found.arv - found.asking
    reasons.append(f"{formula(found, segment, rules)}.")
    if found.status == "NEGATIVE":
        reasons.append("Repairs and fee eat up what an investor would pay: there is no offer that works.")
    elif found.spread is None:
        reasons.append("The asking price is not known, so there is no spread.")
    elif found.spread < 0:
        reasons.append(f"The asking price is {money(-found.spread)} above the most you can offer.")
    elif found.spread < segment.min_spread:
        reasons.append(f"The spread of {money(found.spread)} is thin: under {money(segment.min_spread)}.")
    else:
        reasons.append(f"The asking price leaves a spread of {money(found.spread)}.")
    if needs:
        reasons.append(f"Still missing: {listed(needs)}.")
    return StageResult("packet", found.status, numbers, reasons + notes, version, lead.decision.decided_at)
