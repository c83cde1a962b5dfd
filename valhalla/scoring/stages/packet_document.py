"""The deal packet as a document: everything a buyer or a partner asks about, as JSON values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from valhalla.program.wording import listed, money, percent
from valhalla.scoring.stages.buyers import Buyer, Deal, match
from valhalla.scoring.stages.calling import NextAction
from valhalla.scoring.stages.compiled import Context
from valhalla.scoring.stages.lead import StoredLead
from valhalla.scoring.stages.packet import (
    Figures,
    assumptions,
    buyer_price,
    figures,
    formula,
    missing,
    offers,
)
from valhalla.scoring.stages.score import band
from valhalla.scoring.stages.segment import Segment

PPM = 1_000_000


def earns_packet(lead: StoredLead, context: Context) -> bool:
    """Whether the policy gives the lead a packet: its band is one of ``packet.bands`` and it may be contacted."""
    if lead.suppressed is not None or lead.status in ("lost", "dead", "opted_out"):
        return False
    return band(lead.decision.score, context.score) in context.policy["packet"]["bands"]


def document(
    lead: StoredLead,
    context: Context,
    buyers: Sequence[Buyer] = (),
    actions: Sequence[NextAction] = (),
    provenance: Mapping[str, Any] | None = None,
    closing: str | None = None,
    loans: int | None = None,
    estimate: int | None = None,
) -> dict[str, Any]:
    """The packet of a lead; None stands for "missing" throughout.

    ``context`` is that of the lead's decision. ``provenance`` has file, line and import; ``closing`` is the date by which the owner wants to
    close, where the list says so. ``loans`` and ``estimate`` (of what the house is worth as it stands) are the list's, cents: the owner's equity
    is unknown without the loans. Equal input gives an equal document, so that a packet is written again only when something changed.
    """
    segment = context.segment(lead.source, lead.market, lead.state)
    found = figures(lead, segment, context.packet)
    price = buyer_price(found, segment)
    worth = estimate if estimate is not None else found.arv
    deal = Deal(lead.market, lead.state, price, found.arv, found.repairs, lead.beds)
    matches = match(deal, buyers)
    script = (
        context.promotion.scripts.get(lead.decision.script_id)
        if lead.decision.script_id is not None
        else None
    )
    return {
        "lead": {
            "id": lead.id,
            "name": lead.name,
            "phone": lead.phone,
            "email": lead.email,
            "source": lead.source,
        },
        "property": {
            "address": lead.address,
            "location": lead.location,
            "market": lead.market,
            "beds": lead.beds,
            "square_feet": lead.sqft,
            "condition": lead.condition,
            "signs_of_motivation": lead.distress.split(",") if lead.distress else [],
        },
        "status": found.status,
        "numbers": {
            "asking_cents": found.asking,
            "arv_cents": found.arv,
            "repairs_cents": found.repairs,
            "mao_cents": found.mao,
            "fee_cents": segment.fee,
            "spread_cents": found.spread,
            "equity_cents": None if loans is None or worth is None else worth - loans,
            "buyer_price_cents": price,
        },
        "formula": formula(found, segment, context.packet),
        "offer": offer(found, context.policy),
        "missing": missing(lead, found),
        "assumptions": assumptions(lead, found, context.packet),
        "timeline": {"wanted_closing": closing, "status": lead.status, "first_seen": lead.created_at},
        "risks": risks(lead, found, segment, context.policy),
        "buyers": {
            "fit": list(matches.names) if price is None or price > 0 else [],
            "of": matches.of,
            "against": dict(matches.against),
            "says": matches.says() if price is None or price > 0 else "There is nothing to offer a buyer.",
        },
        "script": None
        if script is None
        else {"id": script.id, "name": script.name, "version": script.version},
        "next_actions": [
            {"action": a.action, "channel": a.channel, "why": a.why, "due": a.due} for a in actions
        ],
        "provenance": dict(provenance) if provenance is not None else None,
        "policy_version": context.policy_version,
        "snapshot_id": context.snapshot_id,
    }


def offer(found: Figures, policy: Mapping[str, Any]) -> dict[str, int] | None:
    """From the opening offer to the most; None when no offer works. In round figures, never above the asking price."""
    said = offers(found, policy["packet"]["opening_share"])
    return None if said is None else {"opening_cents": said[0], "most_cents": said[1]}


def risks(lead: StoredLead, found: Figures, segment: Segment, policy: Mapping[str, Any]) -> list[str]:
    """What can go wrong with this deal, one sentence each; empty when nothing is known against it."""
    warnings: list[str] = []
    if found.mao is not None and found.mao <= 0:
        warnings.append("No offer leaves room for repairs and fee.")
    elif found.spread is not None and found.spread < 0:
        warnings.append(f"The owner has to come down by {money(-found.spread)}.")
    elif found.spread is not None and found.spread < segment.min_spread:
        warnings.append(f"The spread of {money(found.spread)} is thin: one surprise in the repairs takes it.")
    price, limit = buyer_price(found, segment), round(policy["packet"]["buyer_share_limit"] * PPM)
    if price is not None and found.arv and price * PPM > limit * found.arv:
        part = percent(price * PPM // found.arv)
        warnings.append(
            f"A buyer would pay {part} of the ARV; above {percent(limit)} a deal is hard to sell on."
        )
    if found.arv is not None and found.repairs is not None and found.repairs * 2 > found.arv:
        warnings.append("Repairs cost more than half of the ARV.")
    if lead.repairs is None and found.repairs is not None:
        warnings.append("The cost of repairs is assumed, nobody has looked at the house.")
    if lead.warnings:
        warnings.append(f"The list's data has warnings: {listed(lead.warnings.split(','))}.")
    return warnings
