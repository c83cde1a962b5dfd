"""The reasons of stage 6: every line of a score, in words, and what would raise it."""

from __future__ import annotations

from typing import Any, NamedTuple

from valhalla.program.wording import date, listed, money, percent, points, several, share
from valhalla.scoring.stages.lead import StageResult, StoredLead
from valhalla.scoring.stages.learnt import LearntScore
from valhalla.scoring.stages.packet import Figures
from valhalla.scoring.stages.score import DAY, NAMES, ScoreRules, band, decide_base, decide_score, freshness
from valhalla.scoring.stages.segment import Segment

BASELINE = "baseline"
"""What a learnt score gives every lead."""
BASE = frozenset((*NAMES, BASELINE))
"""The lines that time does not change."""


class Contribution(NamedTuple):
    """One line of a score."""

    name: str
    points: int
    """Hundredths of a point."""
    says: str
    """Why, as one sentence."""
    most: int = 0
    """The most it could have been, hundredths."""
    raise_by: str | None = None
    """What would bring the rest."""


def contributions(
    lead: StoredLead, found: Figures, segment: Segment, rules: ScoreRules, now: int
) -> list[Contribution]:
    """Every line of the score as of ``now``, in order; their points add up to the score exactly.

    ``found``: the numbers of the packet. The last lines are freshness and those of :func:`closed`.
    """
    base = base_of(lead, found, segment, rules, lead.status)
    texts = _texts(lead, base, found, segment, rules)
    lines = [Contribution(name, value, *text) for name, value, text in zip(NAMES, base, texts, strict=True)]
    if rules.learnt is not None:
        lines = in_learnt_points(lines, base, rules.learnt)
        base = tuple(line.points for line in lines)
    since = lead.created_at if lead.list_date is None else lead.list_date
    fresh = freshness(since, now, rules)
    days = max(0, (now - since) // DAY)
    age = "The lead is from today." if days == 0 else f"The lead is {several(days, 'day')} old."
    lines.append(Contribution("freshness", fresh, age, rules.fresh[0]))
    return closed(lines, lead, sum(base), fresh)


def closed(lines: list[Contribution], lead: StoredLead, base: int, fresh: int) -> list[Contribution]:
    """``lines`` with what keeping within 0 to 100, do-not-contact and rounding to whole points take or add, where that is not zero."""
    total, score = base + fresh, decide_score(base, fresh)
    if lead.suppressed is not None:
        reason = f"Must not be contacted ({lead.suppressed}): nothing else counts."
        lines.append(Contribution("do not contact", -total, reason))
        return lines
    kept = min(max(total, 0), 10_000)
    if kept != total:
        lines.append(Contribution("limit", kept - total, "A score is never below 0 or above 100."))
    if score * 100 != kept:
        lines.append(Contribution("rounding", score * 100 - kept, "Rounded to a whole point."))
    return lines


def explain_score(
    lead: StoredLead, found: Figures, segment: Segment, rules: ScoreRules, version: int
) -> StageResult:
    """The score with every contribution, as of the decision."""
    at = lead.decision.decided_at
    lines = contributions(lead, found, segment, rules, at)
    score = sum(line.points for line in lines) // 100
    letter = band(score, rules)
    base = 0 if lead.suppressed is not None else sum(line.points for line in lines if line.name in BASE)
    raises = raises_of(lines)
    since = lead.created_at if lead.list_date is None else lead.list_date
    learnt = learnt_beside(
        rules.shown,
        base_of(lead, found, segment, rules, lead.status),
        freshness(since, at, rules),
        used=rules.learnt is not None,
    )
    numbers: dict[str, Any] = {
        "score": score,
        "band": letter,
        "score_base_points": base / 100,
        "contributions": [
            {"name": line.name, "points": line.points / 100, "most": line.most / 100, "why": line.says}
            for line in lines
        ],
        "would_raise_it": [{"how": how, "points": value / 100} for how, value in raises.items()],
        "learnt": learnt,
    }
    counted = [line for line in lines if line.points]
    reasons = [f"{points(line.points)} {line.name}: {line.says}" for line in counted]
    reasons += outlook(lead, raises, learnt)
    return StageResult("score", f"{score} ({letter})", numbers, reasons, version, at)


def outlook(lead: StoredLead, raises: dict[str, int], learnt: dict[str, Any] | None) -> list[str]:
    """What would raise the score, and what the learnt score says; nothing of somebody who must not be contacted."""
    if lead.suppressed is not None:
        return []
    best = [f"{how} ({points(value)})" for how, value in list(raises.items())[:3]]
    says = [f"What would raise it: {listed(best)}."] if best else []
    return says + ([learnt["why"]] if learnt is not None else [])


def base_of(
    lead: StoredLead, found: Figures, segment: Segment, rules: ScoreRules, status: str
) -> tuple[int, ...]:
    """The contributions of a stored lead that time does not change, as if it had this status, by the code that decided."""
    return decide_base(
        lead.value,
        found.asking,
        found.arv,
        found.repairs,
        found.spread,
        lead.distress,
        lead.phone_key,
        lead.email,
        lead.warnings,
        lead.lists,
        status,
        segment,
        rules,
    )


def in_learnt_points(
    lines: list[Contribution], base: tuple[int, ...], learnt: LearntScore
) -> list[Contribution]:
    """The same lines in learnt points, with one for what every lead gets."""
    most = learnt.points([line.most for line in lines])
    scaled = [
        line._replace(points=points, most=max(0, top))
        for line, points, top in zip(lines, learnt.points(base), most, strict=True)
    ]
    says = f"Every lead gets this; {learnt.says[0].lower()}{learnt.says[1:]}"
    return [*scaled, Contribution(BASELINE, learnt.anchor, says)]


def learnt_beside(
    shown: LearntScore | None, base: tuple[int, ...], fresh: int, *, used: bool
) -> dict[str, Any] | None:
    """The learnt score next to the rules', and whether it decides; None when there is none."""
    if shown is None:
        return None
    score, by_rules = decide_score(shown.total(base), fresh), decide_score(sum(base), fresh)
    if used:
        why = f"This is the learnt score; by the rules it would be {by_rules}. {shown.says}"
    else:
        because = (
            "it is shown only, because score.learnt in the policy does not say use"
            if shown.better
            else "it is shown only, because it has not proven to be better"
        )
        why = f"The learnt score would be {score}; {because}. {shown.says}"
    return {
        "score": score,
        "score_by_rules": by_rules,
        "used": used,
        "resolved": shown.resolved,
        "closes": shown.closes,
        "brier_ppm": shown.brier,
        "brier_of_rules_ppm": shown.brier_of_rules,
        "learnt_on": date(shown.as_of),
        "why": why,
    }


def raises_of(lines: list[Contribution]) -> dict[str, int]:
    """What would raise the score and by how much at most, hundredths, the most first."""
    found: dict[str, int] = {}
    for line in lines:
        if line.raise_by is not None and line.most > line.points:
            found[line.raise_by] = found.get(line.raise_by, 0) + line.most - line.points
    return dict(sorted(found.items(), key=lambda pair: -pair[1]))


def _texts(
    lead: StoredLead,
    base: tuple[int, ...],
    found: Figures,
    segment: Segment,
    rules: ScoreRules,
) -> list[tuple[str, int, str | None]]:
    """(sentence, most points, what would raise it) for each of :data:`NAMES`."""
    p = segment.p_close
    asking, arv, repairs, spread = found.asking, found.arv, found.repairs, found.spread
    known_p = (
        "No outcome has been recorded yet."
        if p is None
        else f"Leads of source {lead.source} close in {percent(p)} of cases."
    )
    box = f"{money(segment.buy_box_low)} to {money(segment.buy_box_high)}"
    if lead.value is None:
        price: tuple[str, int, str | None] = (
            f"The asking price is not known; the buy box is {box}.",
            rules.buy_box,
            "find out the asking price",
        )
    else:
        inside = "inside" if segment.buy_box_low <= lead.value <= segment.buy_box_high else "outside"
        price = f"The value of {money(lead.value)} is {inside} the buy box of {box}.", rules.buy_box, None
    if segment.target is None:
        target: tuple[str, int, str | None] = (
            "The policy names no target market.",
            rules.target_market,
            "name your target markets in the policy",
        )
    elif segment.target:
        target = f"{lead.market or lead.state} is a target market.", rules.target_market, None
    else:
        target = f"{lead.market or 'An unknown market'} is not a target market.", rules.target_market, None
    spread_most = rules.spread + rules.spread_enough
    if spread is None:
        needs = [
            name
            for name, known in (("the ARV", arv), ("repairs", repairs), ("the asking price", asking))
            if known is None
        ]
        margin: tuple[str, int, str | None] = (
            f"The spread is unknown without {listed(needs)}.",
            spread_most,
            f"find out {listed(needs)}",
        )
    elif spread < 0:
        over = f"The asking price is {money(-spread)} above the most you can offer."
        margin = over, spread_most, "a lower asking price"
    else:
        how = None if base[3] >= spread_most else "a lower asking price"
        margin = f"The asking price is {money(spread)} below the most you can offer.", spread_most, how
    if arv is None:
        equity: tuple[str, int, str | None] = (
            "The equity is unknown without the ARV.",
            rules.equity,
            "find out the ARV",
        )
    elif asking is None:
        ask = "find out the asking price" if lead.value is None else None
        equity = "The equity is unknown without the asking price.", rules.equity, ask
    else:
        equity = (
            f"The asking price is {share(round((arv - asking) / arv, 3))} below the ARV.",
            rules.equity,
            None,
        )
    if repairs is None:
        light: tuple[str, int, str | None] = (
            "The cost of repairs is unknown.",
            rules.repairs,
            "find out the cost of repairs",
        )
    elif arv is None:
        light = f"Repairs cost {money(repairs)}; the ARV is unknown.", rules.repairs, "find out the ARV"
    else:
        light = (
            f"Repairs cost {money(repairs)}, {share(round(repairs / arv, 3))} of the ARV.",
            rules.repairs,
            None,
        )
    words = lead.distress.split(",") if lead.distress else []
    motivation = f"Signs of motivation: {listed(words)}." if words else "No sign of motivation in the list."
    ask_phone = "a working phone number" if lead.phone_key is None else None
    phone = "Has a phone number." if ask_phone is None else "Has no plausible phone number."
    own = "The e-mail address is a person's." if base[9] else "No e-mail address of a person."
    codes = lead.warnings.split(",") if lead.warnings else []
    return [
        (known_p, rules.track_record, "record the outcomes of your calls" if p is None else None),
        target,
        price,
        margin,
        equity,
        light,
        (motivation, rules.distress_most, None if words else "ask for the reason to sell"),
        (phone, rules.phone, ask_phone),
        ("Has an e-mail address.", rules.email, None)
        if lead.email
        else ("Has no e-mail address.", rules.email, "an e-mail address"),
        (own, rules.own_address, None if base[9] else "an e-mail address of the owner"),
        (f"Is on {several(lead.lists, 'list')}.", rules.list_most, None),
        (f"Stands at: {lead.status}.", max(rules.history.values(), default=0), None),
        (
            f"Warnings: {listed(codes)}." if codes else "No quality warning.",
            0,
            "clear the quality warnings" if codes else None,
        ),
    ]
